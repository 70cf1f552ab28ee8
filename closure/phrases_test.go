package closure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
)

const (
	asks     = closure.CheckIn
	confirms = closure.Confirmation
	leaves   = closure.Farewell
)

func TestOfVisitor(t *testing.T) {
	t.Parallel()
	tests := map[string][]closure.Mark{
		// Nothing is left.
		"No":                                        {confirms},
		"no.":                                       {confirms},
		"NOPE!!":                                    {confirms},
		"no thanks":                                 {confirms},
		"No, thank you!":                            {confirms},
		"Nope, that's all":                          {confirms},
		"That’s all, thanks!":                       {confirms},
		"thats all thx":                             {confirms},
		"No that will be all, thank you so much":    {confirms},
		"I'm good, thanks":                          {confirms},
		"I`m good thank you":                        {confirms},
		"No, nothing else. Thanks again":            {confirms},
		"I think that's everything, thank you":      {confirms},
		"no thats it":                               {confirms},
		"No, that was it":                           {confirms},
		"no need, thank you":                        {confirms},
		"No need":                                   {confirms},
		"We're done, thanks":                        {confirms},
		"I think we're done here":                   nil,
		"I think we're done":                        {confirms},
		"no, thats all I needed, thank you":         {confirms},
		"That is all I need for today":              {confirms},
		"we are done thank you":                     {confirms},
		"Not at the moment, thank you":              {confirms},
		"I don't think so, thanks":                  {confirms},
		"Thank you for your help!":                  {confirms},
		"Thanks so much for all your help 🙏":        {confirms},
		"thanks 😊":                                  {confirms},
		"Perfect, thanks":                           {confirms},
		"ok great thank you":                        {confirms},
		"Okay, thanks a lot!":                       {confirms},
		"great, that fixed it":                      {confirms},
		"No, you've been very helpful. Thank you.":  {confirms},
		"No further questions":                      {confirms},
		"no, I don't have any other questions":      {confirms},
		"I don't need anything else from you":       {confirms},
		"Hi Ann, everything works now. Many thanks": {confirms},
		"That's all I needed to know today Sam":     {confirms},
		"Just tried again and it works now!":        {confirms},
		"you can close this chat now":               {confirms},
		"That answers my question, I appreciate it": {confirms},
		"solved":   {confirms},
		"You too!": {confirms},
		"> Is there anything else?\nNo, that's all": {confirms},
		"no\nthank you\n":                             {confirms},
		"Thank you - that's all for now":              {confirms},
		"all good now, I really appreciate your time": {confirms},
		"cheers":                                {confirms},
		"Thank you very much, much appreciated": {confirms},

		// Goodbye.
		"bye":         {leaves},
		"Ok bye":      {leaves},
		"Bye, Ann":    {leaves},
		"Goodbye Ann": {leaves},
		"goodbye and all the best to your family": {leaves},
		"bye bye":                         {leaves},
		"Take care!":                      {leaves},
		"All the best!":                   {leaves},
		"Have an amazing day!":            {leaves},
		"see you later alligator":         {leaves},
		"I have to run, have a great day": {leaves},
		"I'll try it tonight. Good night": {leaves},
		"great thanks bye Ann":            {leaves},
		"enjoy the rest of your day":      {leaves},

		// Both.
		"thanks, bye":                                     {confirms, leaves},
		"No thanks! Have a nice day":                      {confirms, leaves},
		"Thank you, and you too. Bye bye":                 {confirms, leaves},
		"no further questions, take care thanks":          {confirms, leaves},
		"Thank you so much, have a lovely evening!":       {confirms, leaves},
		"That'll be all, thank you & goodbye":             {confirms, leaves},
		"ok thanks bye":                                   {confirms, leaves},
		"Thanks for the quick response. Have a good one!": {confirms, leaves},

		// There is something left.
		"no, it still fails":                             nil,
		"no it is broken":                                nil,
		"No!! My order never came":                       nil,
		"No idea":                                        nil,
		"no luck":                                        nil,
		"no refund":                                      nil,
		"no thanks to you":                               nil,
		"nothing works":                                  nil,
		"I'm done with the form, it went blank":          nil,
		"that is all I see":                              nil,
		"no need to restart, it hangs again":             nil,
		"that was it before the update":                  nil,
		"We're done with the first step":                 nil,
		"here are all the best photos I have":            nil,
		"nothing else happens when I click it":           nil,
		"thank you, but it still does not work":          nil,
		"Thank you, my order number is 12345":            nil,
		"Thanks for the quick reply. It is the blue one": nil,
		"Thanks. However, I was charged twice":           nil,
		"thanks, one more thing":                         nil,
		"Great, also the invoice is wrong":               nil,
		"Perfect. How do I cancel":                       nil,
		"Thanks, can you send it by mail":                nil,
		"Thank you, please send the invoice. Bye":        nil,
		"that's all it says on the screen":               nil,
		"It shows error 5, that's all":                   nil,
		"just a white page, nothing else":                nil,
		"yes that's it, order 12345":                     nil,
		"that did not help, bye":                         nil,
		"that fixed it for a minute then it went off":    nil,
		"it doesn't work. Bye.":                          nil,
		"it doesn’t work. thank you":                     nil,
		"I'm good at computers and this is odd":          nil,
		"all good things come to an end":                 nil,
		"resolved tickets are missing in my list":        nil,
		"perfect timing, I was about to write":           nil,
		"I can't say goodbye to my data":                 nil,
		"the goodbye page shows an error":                nil,
		"we have a bye week":                             nil,
		"it takes so long":                               nil,
		"I have a good reason to ask":                    nil,
		"I have a great many photos in there":            nil,
		"I see you have a new plan":                      nil,
		"take care of this first":                        nil,
		"the farewell mail went to spam":                 nil,
		"wait":                                           nil,
		"ok":                                             nil,
		"yes":                                            nil,
		"hello":                                          nil,
		"not yet thanks":                                 nil,
		"Thanks, I will try that and come back":          nil,

		// Questions.
		"that's all?":                     nil,
		"Is that all ?":                   nil,
		"no thanks?":                      nil,
		"Thanks! When will it arrive?":    nil,
		"bye? did you just close it":      nil,
		"solved？":                         nil,
		"Can I close this? Thanks, bye":   nil,
		"no thank you, what about my fee": nil,

		// Said by others.
		`It says "thank you"`:                       nil,
		`The page shows "Goodbye"`:                  nil,
		"the page shows “have a nice day”":          nil,
		"my colleague wrote «no further questions»": nil,
		"'bye'": nil,
		"> bye": nil,
		"> No thanks\n> bye\nMy screen is black now": nil,
		`"no"`: nil,

		// Nothing.
		"":                 nil,
		"   \n\t":          nil,
		"...":              nil,
		"👍":                nil,
		"\x00":             nil,
		"\xff\xfe":         nil,
		"https://no.bye":   nil,
		"no-bye-no":        nil,
		"bye@acme.com":     nil,
		"nobody":           nil,
		"goodbyes":         nil,
		"ｎｏ":               nil,
		"merci, au revoir": nil,
	}
	phrases := closure.DefaultPhrases()
	for text, want := range tests {
		if got := phrases.OfVisitor(text); !slices.Equal(got, want) {
			t.Errorf("OfVisitor(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestOfAgent(t *testing.T) {
	t.Parallel()
	tests := map[string][]closure.Mark{
		closure.DefaultCheckIn:  {asks},
		closure.DefaultFarewell: {leaves},
		"Are you still there? Is there anything else I can help with?": {asks}, // the idle prompt

		// Whether anything is left.
		"Anything else?": {asks},
		"Is there anything else I can do for you today, Sam?":      {asks},
		"Please let me know if there is anything else you need":    {asks},
		"Can I help you with anything else?":                       {asks},
		"Do you need anything else from us?":                       {asks},
		"Do you have any other questions?":                         {asks},
		"Great! Any further questions, Sam?":                       {asks},
		"Is there anything more I can do for you?":                 {asks},
		"Is there anything further I can do?":                      {asks},
		"Can I do anything else for you?":                          {asks},
		"Anything else, Sam?":                                      {asks},
		"Is there anything else, Sam? I have time":                 {asks},
		"Are you still there, Sam?":                                {asks},
		"Happy to help! Is there something else?":                  {asks},
		"Was there anything else?":                                 {asks},
		"Done. Anything else?":                                     {asks},
		"Are you there?":                                           {asks},
		"Hi Sam, are you still with me?":                           {asks},
		"What else can I do for you?":                              {asks},
		"IS THERE ANYTHING ELSE?":                                  {asks},
		"Is there something else I can look at?":                   {asks},
		"Your refund is on its way.\n\nIs there anything else?":    {asks},
		"You're all set. Is there anything else I can assist with": {asks},

		// Goodbye.
		"Goodbye!":                    {leaves},
		"Glad I could help. Goodbye!": {leaves},
		"Bye Sam":                     {leaves},
		"Have a great day, Sam!":      {leaves},
		"You're welcome, have a lovely weekend :)":           {leaves},
		"Thank you for contacting Acme":                      {leaves},
		"Thanks for reaching out to us":                      {leaves},
		"Thank you for chatting with us today.":              {leaves},
		"Take care!":                                         {leaves},
		"Take care, Sam":                                     {leaves},
		"Enjoy the rest of your day":                         {leaves},
		"Have a wonderful rest of your week":                 {leaves},
		"See you soon":                                       {leaves},
		"Good night, Sam":                                    {leaves},
		"Not a problem. Do write again. Have a nice evening": {leaves},
		"Have an amazing day!":                               {leaves},
		"Have an excellent weekend, Sam":                     {leaves},
		"All the best!":                                      {leaves},
		"All the best, Sam":                                  {leaves},

		// Both.
		"Is there anything else? If not, have a nice day!":                         {asks, leaves},
		"You're welcome! Let me know if you need anything else. Have a great day!": {asks, leaves},

		// Neither.
		"I don't see anything else in your account":    nil,
		"Have you tried anything else so far":          nil,
		"Have you tried anything else?":                nil,
		"Have you tried anything else, Sam?":           nil,
		"Is there anything else, like an error code?":  nil,
		"Is there anything else, Sam":                  nil,
		"Is there anything else Sam?":                  nil,
		"Did it say anything else?":                    nil,
		"Is there anything else written on the label?": nil,
		"Is there anything else on the screen?":        nil,
		"Are you still there on the login page?":       nil,
		"Are you there with the installer now?":        nil,
		"Is the error still there?":                    nil,
		"The manual lists all the best settings":       nil,

		// Who says yes to these is done, and who says no is not.
		"Does that answer your question?":                       nil,
		"Have I answered all your questions?":                   nil,
		"Is everything clear so far?":                           nil,
		"Is that everything?":                                   nil,
		"Was that everything for today?":                        nil,
		"Is that all?":                                          nil,
		"Did that help?":                                        nil,
		"Is there anything you’d like? With anything else too?": nil,
		"There are other questions in our FAQ":                  nil,
		"I'll take care of it right away":                       nil,
		"We will take care of your refund":                      nil,
		"Sorry it took so long":                                 nil,
		"I see you have two orders":                             nil,
		"I see your order":                                      nil,
		"We have a great offer for you":                         nil,
		"Do you have a good connection?":                        nil,
		"Good day, how can I help?":                             nil,
		"Hello, this is Ann":                                    nil,
		"Click on the goodbye page":                             nil,
		`Please answer "bye" to end`:                            nil,
		"> Is there anything else?":                             nil,
		"No thanks":                                             nil,
		"Thank you":                                             nil,
		"That's all":                                            nil,
		"Your order is on its way":                              nil,
		"Please wait a moment":                                  nil,
		"Thank you for waiting":                                 nil,
		"":                                                      nil,
	}
	phrases := closure.DefaultPhrases()
	for text, want := range tests {
		if got := phrases.OfAgent(text); !slices.Equal(got, want) {
			t.Errorf("OfAgent(%q) = %v, want %v", text, got, want)
		}
	}
}

// Every default phrase is recognised where it is all that is said, so that no
// entry of the list is dead.
func TestEveryDefaultPhraseWorks(t *testing.T) {
	t.Parallel()
	p := closure.DefaultPhrases()
	of := func(list string, phrases []string, marks func(string) []closure.Mark, want closure.Mark) {
		for i, phrase := range phrases {
			if !slices.Contains(marks(phrase), want) {
				t.Errorf("%s: %q is %v, want it to be a %s", list, phrase, marks(phrase), want)
			}
			if slices.Contains(phrases[:i], phrase) {
				t.Errorf("%s: %q is there twice", list, phrase)
			}
		}
	}
	of("CheckIn", p.CheckIn, p.OfAgent, asks)
	of("Confirmation", p.Confirmation, p.OfVisitor, confirms)
	of("Farewell", p.Farewell, p.OfVisitor, leaves)
	of("Farewell", p.Farewell, p.OfAgent, leaves)
	of("Brief", p.Brief, p.OfVisitor, confirms)
	for _, word := range p.Unless {
		if text := "thanks, bye " + word; p.OfVisitor(text) != nil {
			t.Errorf("OfVisitor(%q) = %v, want no mark", text, p.OfVisitor(text))
		}
	}
}

func TestPhrasesOfAHost(t *testing.T) {
	t.Parallel()
	p := closure.Phrases{
		CheckIn:      []string{"Kann ich sonst noch etwas für Sie tun", "sonst?", ""},
		Confirmation: []string{"das war’s.", "...", "keine Fragen mehr"},
		Farewell:     []string{"tschüss", "auf Wiedersehen", "STRASSE 7"},
		Brief:        []string{"nein", "danke", "?"},
		Unless:       []string{"aber", " "},
	}
	visitor := map[string][]closure.Mark{
		"Nein, DANKE":                 {confirms},
		"nein":                        {confirms},
		"Nein, es geht nicht":         nil,
		"Das war's":                   {confirms},
		"Das war's wohl mit dem Ding": nil,
		"Das war's, danke, tschüss":   {confirms, leaves},
		"Das war's danke":             {confirms},
		"Auf  Wiedersehen Frau Ann":   {leaves},
		"Danke, aber tschüss":         nil,
		"keine fragen mehr für heute": {confirms},
		"straße 7":                    nil,
		"Straẞe":                      nil,
		"":                            nil,
		"...":                         nil,
		"?":                           nil,
	}
	for text, want := range visitor {
		if got := p.OfVisitor(text); !slices.Equal(got, want) {
			t.Errorf("OfVisitor(%q) = %v, want %v", text, got, want)
		}
	}
	agent := map[string][]closure.Mark{
		"Kann ich sonst noch etwas für Sie tun?": {asks},
		"Sonst?":                {asks},
		"Ist sonst?":            nil,
		"Gut. Sonst?":           {asks},
		"Sonst.":                nil,
		"Sonst noch?":           nil,
		"tschüss":               {leaves},
		"danke":                 nil,
		"Ihr Tschüss kommt an.": nil,
	}
	for text, want := range agent {
		if got := p.OfAgent(text); !slices.Equal(got, want) {
			t.Errorf("OfAgent(%q) = %v, want %v", text, got, want)
		}
	}
	var none closure.Phrases
	for _, text := range []string{"", "no", "bye", "anything else?", "..."} {
		if a, v := none.OfAgent(text), none.OfVisitor(text); a != nil || v != nil {
			t.Errorf("the zero value marks %q: %v, %v", text, a, v)
		}
	}
}

// A phrase in two lists has the marks of both; of two that begin together the
// longer one counts.
func TestPhrasesThatMeet(t *testing.T) {
	t.Parallel()
	p := closure.Phrases{
		Confirmation: []string{"over and out", "done"},
		Farewell:     []string{"Over and out", "done for today"},
	}
	for text, want := range map[string][]closure.Mark{
		"over and out":   {confirms, leaves},
		"done":           {confirms},
		"done for today": {leaves},
	} {
		if got := p.OfVisitor(text); !slices.Equal(got, want) {
			t.Errorf("OfVisitor(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestLongMessages(t *testing.T) {
	t.Parallel()
	p := closure.DefaultPhrases()
	fifty := strings.Repeat("word ", 48) + "thanks. Bye"
	if got, want := p.OfVisitor(fifty), []closure.Mark{leaves}; !slices.Equal(got, want) {
		t.Errorf("50 words of a visitor: %v, want %v", got, want)
	}
	if got := p.OfVisitor("more " + fifty); got != nil {
		t.Errorf("51 words of a visitor: %v, want no mark", got)
	}
	long := strings.Repeat("Open the settings, then restart. ", 2000)
	if got, want := p.OfAgent(long+closure.DefaultCheckIn), []closure.Mark{asks}; !slices.Equal(got, want) {
		t.Errorf("a long message of an agent: %v, want %v", got, want)
	}
}

func TestDefaultPhrasesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	p, before := closure.DefaultPhrases(), closure.DefaultPhrases()
	for _, list := range [][]string{p.CheckIn, p.Confirmation, p.Farewell, p.Brief, p.Unless} {
		list[0] = "changed"
	}
	if diff := cmp.Diff(before, closure.DefaultPhrases()); diff != "" {
		t.Errorf("writing to the phrases changed the next ones (-before +after):\n%s", diff)
	}
}

// Whatever is written and looked for, there is no panic, a mark is one that the
// sender can have, and case, space around it and the kind of apostrophe do not
// matter.
func FuzzPhrases(f *testing.F) {
	for _, text := range []string{
		"", "no", "No, thank you. Bye!", "that’s all", "\xff", `"no" > "`, "> quoted\nno", "ß ẞ İ ı", "a\u0301bye\u200d", "?", "？bye", "￼",
	} {
		f.Add(text, "no", "take care.")
		f.Add(text, text, "that's?")
	}
	f.Fuzz(func(t *testing.T, text, one, other string) {
		own := closure.Phrases{
			CheckIn: []string{one, other}, Confirmation: []string{one}, Farewell: []string{other}, Brief: []string{other, one}, Unless: []string{one + other},
		}
		for _, p := range []closure.Phrases{closure.DefaultPhrases(), own, {}} {
			agent, visitor := p.OfAgent(text), p.OfVisitor(text)
			if slices.Contains(agent, confirms) || slices.Contains(visitor, asks) || len(agent) > 2 || len(visitor) > 2 {
				t.Errorf("%q: agent %v, visitor %v", text, agent, visitor)
			}
			for _, same := range []string{" \t" + text + " ", strings.ReplaceAll(text, "'", "’")} {
				if a, v := p.OfAgent(same), p.OfVisitor(same); !slices.Equal(a, agent) || !slices.Equal(v, visitor) {
					t.Errorf("%q is %v and %v, but %q is %v and %v", text, agent, visitor, same, a, v)
				}
			}
			if quoted := "> " + strings.ReplaceAll(text, "\n", "\n> "); utf8.ValidString(text) && p.OfVisitor(quoted) != nil {
				t.Errorf("%q is quoted, and marks %v", text, p.OfVisitor(quoted))
			}
		}
	})
}

// A message has at most 64 KiB; what it costs, every message costs.
func BenchmarkPhrases(b *testing.B) {
	p := closure.DefaultPhrases().Recognizer()
	texts := map[string]string{"short": "No, that's all. Thank you for your help!"}
	for name, unit := range map[string]string{
		"prose": "Then I opened the settings, and it said that the file is gone. ", "no": "no ", "have": "have a ", "quotes": `"`, "apostrophes": "’", "anything else": "anything else ",
	} {
		texts["64KiB of "+name] = strings.Repeat(unit, 1<<16/len(unit))
	}
	for name, text := range texts {
		for who, of := range map[string]func(string) []closure.Mark{"visitor": p.OfVisitor, "agent": p.OfAgent} {
			b.Run(fmt.Sprintf("%s/%s", who, name), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					of(text)
				}
			})
		}
	}
}
