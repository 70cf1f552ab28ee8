package closure

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Phrases recognise what a message means for the end of a conversation by what
// it says: whole words, in order, without regard to case and punctuation. What it
// quotes, between double quotation marks or in lines that begin with ">", it does
// not say. The zero value recognises nothing.
//
// A phrase of one word must begin or end a clause: "bye" is no farewell in "a bye
// week". One that is written with a full stop or a question mark must end a
// clause, or be a question of its own, or another phrase must follow: "take care."
// is no farewell in "I will take care of it", nor "anything else?" a check-in in
// "Have you tried anything else?". One word may follow a question, set off as a name
// is: "Anything else, Sam?".
//
// A visitor who asks something, or writes more than 50 words, wants more than to
// say goodbye: such a message has no mark. What is not recognised costs a
// goodbye too many; what is recognised wrongly, a customer without an answer.
type Phrases struct {
	CheckIn      []string // of agents
	Confirmation []string // of visitors
	Farewell     []string // of both

	// Brief are confirmations of visitors who say nothing else: the whole message
	// is of phrases. "No, thank you" is one, "no, it is broken" is not.
	Brief []string

	// Unless are what a message of a visitor has no mark with, outside of the
	// other phrases: "thanks, but it still fails".
	Unless []string
}

const maxGoodbye = 50 // words

// DefaultPhrases returns a modest English list. Hosts append to it, or replace
// it.
func DefaultPhrases() Phrases {
	p := Phrases{
		CheckIn: []string{
			"anything else I can", "anything else we can", "anything else I could", "anything else we could",
			"anything else that I can", "anything else that we can", "anything else you need",
			"anything else you would like", "anything else you'd like", "help with anything else",
			"help you with anything else", "assist with anything else", "assist you with anything else",
			"need anything else", "need help with anything else", "do anything else for you", "anything else for you",
			"anything else today", "anything else?", "is there anything else?", "was there anything else?",
			"would there be anything else?", "is there something else?", "anything else I may", "anything more I can",
			"anything more we can", "anything further I can", "anything further we can", "something else I can",
			"what else can I", "what else can we", "any other questions", "any further questions", "any more questions",
			"are you still there?", "are you still with me?", "are you there?",
		},
		Confirmation: []string{
			"that's all I need", "that's all I needed", "thats all I need", "thats all I needed", "that is all I need",
			"that is all I needed", "that's all I wanted", "that's all for now", "that's all for today",
			"that's it for now", "that's it for today", "that will be all", "that'll be all", "that would be all",
			"no more questions", "no further questions", "no other questions", "I don't have any other questions",
			"I don't have any more questions", "I don't have any further questions", "I don't need anything else",
			"nothing else for now", "nothing else for today", "that solved it.", "that fixed it.", "that did it.",
			"that answers my question.", "that answers everything.", "it works now.", "it is working now.",
			"it's working now.", "everything works now.", "all good now.", "I'm all set.", "you can close this",
			"you can close the",
		},
		Farewell: []string{
			"bye", "goodbye", "good bye", "good-bye", "bye bye", "bye-bye", "bye for now", "farewell", "cya", "take care.",
			"take care of yourself", "see you.", "see you soon", "see you later", "see you around", "see you next time",
			"good night.", "have a good one", "have a nice one", "all the best.", "enjoy your day",
			"enjoy the rest of your", "enjoy your evening", "enjoy your weekend", "rest of your day",
			"thank you for contacting", "thanks for contacting", "thank you for chatting", "thanks for chatting",
			"thank you for reaching out", "thanks for reaching out", "thank you for getting in touch",
			"thanks for getting in touch",
		},
		Brief: []string{
			"no", "nope", "nah", "not really", "not at the moment", "not right now", "not for now", "not today",
			"not that I can think of", "I don't think so", "nothing", "nothing else", "nothing more", "no need",
			"that was it", "we're done", "we are done", "I think we're done", "I'm done", "I am done", "that's all",
			"thats all", "that is all", "that's it", "thats it", "that is it", "that's everything", "that is everything",
			"I think that's all", "I think that's it", "I think that's everything", "for now", "for today", "I'm good",
			"im good", "I am good", "I'm fine", "I'm all good", "we're good", "all good", "all set", "it works",
			"that works", "it worked", "that worked", "that helped", "that helps", "that fixed it", "that solved it",
			"resolved", "solved", "fixed", "sorted", "all sorted", "thanks", "thank you", "thank u", "thx", "ty", "a lot",
			"a bunch", "thanks again", "thank you again", "many thanks", "so much", "very much", "ok thanks",
			"ok thank you", "okay thanks", "okay thank you", "ok great", "okay great", "ok perfect", "okay perfect",
			"ok cool", "alright thanks", "alright thank you", "got it thanks", "got it thank you", "for your help",
			"for the help", "for all your help", "for all the help", "for helping", "for helping me", "for your time",
			"for your support", "for your assistance", "for your patience", "for everything", "for the info",
			"for the information", "for the quick response", "for the quick reply", "for your quick response",
			"for the quick help", "perfect", "great", "awesome", "excellent", "brilliant", "wonderful", "fantastic",
			"cool", "cheers", "great help", "you've been very helpful", "you have been very helpful",
			"you were very helpful", "you've been a great help", "you've been great", "you have been great",
			"very helpful", "appreciate it", "I appreciate it", "I really appreciate it", "much appreciated", "you too",
			"and you too", "you as well", "same to you", "likewise", "no problem", "no worries",
		},
		Unless: []string{
			"but", "however", "except", "although", "still", "yet", "not", "cannot", "can't", "cant", "don't", "dont",
			"doesn't", "doesnt", "didn't", "didnt", "isn't", "isnt", "won't", "wont", "never", "unless", "until", "wait",
			"another", "one more", "also", "please", "a question", "can you", "could you", "can I", "could I", "how do",
			"how can", "how to", "how about", "what about", "where is", "when will", "why",
		},
	}
	for _, of := range []string{"a nice", "a great", "a good", "a lovely", "a wonderful", "a fantastic", "an amazing", "an excellent"} {
		for _, time := range []string{"day", "afternoon", "evening", "night", "weekend", "rest of"} {
			p.Farewell = append(p.Farewell, "have "+of+" "+time)
		}
	}
	return p
}

// OfAgent is that of the [Recognizer], which is made for it.
func (p Phrases) OfAgent(text string) []Mark { return p.Recognizer().OfAgent(text) }

// OfVisitor is that of the [Recognizer], which is made for it.
func (p Phrases) OfVisitor(text string) []Mark { return p.Recognizer().OfVisitor(text) }

// A Recognizer is Phrases made ready for many messages. It does not change and is
// safe for concurrent use.
type Recognizer struct{ ofAgent, ofVisitor index }

// Recognizer returns the recognizer of the phrases as they are now.
func (p Phrases) Recognizer() Recognizer {
	r := Recognizer{index{}, index{}}
	r.ofAgent.add(inCheckIn, p.CheckIn)
	r.ofAgent.add(inFarewell, p.Farewell)
	r.ofVisitor.add(inConfirmation, p.Confirmation)
	r.ofVisitor.add(inFarewell, p.Farewell)
	r.ofVisitor.add(inBrief, p.Brief)
	r.ofVisitor.add(inUnless, p.Unless)
	return r
}

// OfAgent returns the marks of a message of an agent, nil for none.
func (r Recognizer) OfAgent(text string) []Mark {
	said, _ := r.ofAgent.read(words(text, math.MaxInt))
	return said.marks()
}

// OfVisitor returns the marks of a message of a visitor, nil for none.
func (r Recognizer) OfVisitor(text string) []Mark {
	message := words(text, maxGoodbye+1)
	asks := func(w word) bool { return w.end == '?' }
	if len(message) > maxGoodbye || slices.ContainsFunc(message, asks) {
		return nil
	}
	said, whole := r.ofVisitor.read(message)
	switch {
	case said&inUnless != 0:
		return nil
	case said&inBrief != 0 && whole:
		said |= inConfirmation
	}
	return said.marks()
}

// A lists is a set of the lists of Phrases.
type lists uint8

const (
	inCheckIn lists = 1 << iota
	inConfirmation
	inFarewell
	inBrief
	inUnless
)

func (l lists) marks() []Mark {
	var marks []Mark
	if l&inCheckIn != 0 {
		marks = append(marks, CheckIn)
	}
	if l&inConfirmation != 0 {
		marks = append(marks, Confirmation)
	}
	if l&inFarewell != 0 {
		marks = append(marks, Farewell)
	}
	return marks
}

// A phrase is one of a list.
type phrase struct {
	in    lists
	words []word
	stop  rune // '.' if it must end a clause, '?' if it must be a question; otherwise 0
	edge  bool // it must begin or end a clause
}

// An index holds phrases by their first word.
type index map[string][]phrase

func (x index) add(in lists, list []string) {
	for _, text := range list {
		w := words(text, math.MaxInt)
		if len(w) == 0 {
			continue
		}
		p := phrase{in: in, words: w, edge: len(w) == 1 && in != inBrief && in != inUnless}
		switch text[len(text)-1] {
		case '.', '?':
			p.stop = rune(text[len(text)-1])
		}
		x[w[0].text] = append(x[w[0].text], p)
	}
}

// read returns which lists the phrases of the message are in, and whether it is
// of nothing else. Of phrases that begin with the same word of the message the
// longest counts.
func (x index) read(message []word) (said lists, whole bool) {
	begins := true // a clause, or what follows a phrase
	whole = true
	for len(message) > 0 {
		in, n := x.longest(message, begins)
		said |= in
		begins = n > 0 || message[0].end != 0
		whole = whole && n > 0
		message = message[max(n, 1):]
	}
	return said, whole
}

// longest returns the length of the longest phrase that the message begins with,
// and the lists that have it.
func (x index) longest(message []word, begins bool) (in lists, n int) {
	phrases := x[message[0].text]
	for i := range phrases {
		p := &phrases[i]
		length := len(p.words)
		if length < n || !p.starts(message) {
			continue
		}
		end := message[length-1].end
		ends := end != 0 || x.follows(message[length:])
		asks := end == '?' || end != 0 && length < len(message) && message[length].end == '?'
		if p.stop == '?' && !(asks && begins) || p.stop == '.' && !ends || p.edge && !begins && !ends {
			continue
		}
		if length > n {
			in, n = 0, length
		}
		in |= p.in
	}
	return in, n
}

// follows reports whether what remains of a message begins with a phrase.
func (x index) follows(message []word) bool {
	if len(message) == 0 {
		return false
	}
	phrases := x[message[0].text]
	for i := range phrases {
		if phrases[i].starts(message) {
			return true
		}
	}
	return false
}

// starts reports whether the message begins with the words of the phrase.
func (p *phrase) starts(message []word) bool {
	if len(p.words) > len(message) {
		return false
	}
	for i := range p.words {
		if p.words[i].text != message[i].text {
			return false
		}
	}
	return true
}

// A word is one of a message, in lower case.
type word struct {
	text string
	end  rune // '?' or '.' if a clause ends behind it, whatever with; otherwise 0
}

// quotation stands where something is quoted, as a word that is in no phrase.
const quotation = '\uFFFC'

// words returns the first words of a text, at most so many. Apostrophes are of a
// word, whichever the keyboard wrote, and so is what joins it, as in "bye-law" and
// "bye.example.com".
func words(text string, most int) []word {
	all := make([]word, 0, min(most, len(text)/4+1))
	for line := range strings.Lines(strings.Map(plain, text)) {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		line = unquoted(line)
		line = line[len(line)-len(strings.TrimLeftFunc(line, outOfWord)):]
		for line != "" && len(all) < most {
			n := wordLength(line)
			gap := line[n:]
			gap = gap[:len(gap)-len(strings.TrimLeftFunc(gap, outOfWord))]
			next := line[n+len(gap):]
			all = append(all, word{line[:n], clauseEnd(gap, next == "")})
			line = next
		}
	}
	return all
}

// plain returns the signs of a keyboard for those that word processors make of
// them, and letters in lower case.
func plain(r rune) rune {
	switch r {
	case '’', '‘', '`', '´', 'ʼ', '＇':
		return '\''
	case '“', '”', '„', '«', '»', '＂':
		return '"'
	case '？', '؟':
		return '?'
	}
	return unicode.ToLower(r)
}

// unquoted returns the line with what it quotes replaced by a sign. A quotation
// mark without another quotes nothing.
func unquoted(line string) string {
	if !strings.Contains(line, `"`) {
		return line
	}
	parts := strings.Split(line, `"`)
	for i := 1; i < len(parts); i += 2 {
		if i < len(parts)-1 {
			parts[i] = string(quotation)
		} else {
			parts[i] = `"` + parts[i]
		}
	}
	return strings.Join(parts, "")
}

// wordLength returns the length of the word that the line begins with.
func wordLength(line string) int {
	for n := 0; ; n++ {
		if i := strings.IndexFunc(line[n:], outOfWord); i >= 0 {
			n += i
		} else {
			return len(line)
		}
		next, _ := utf8.DecodeRuneInString(line[n+1:])
		if !strings.ContainsRune("-.@/_:", rune(line[n])) || !inWord(next) {
			return n
		}
	}
}

func inWord(r rune) bool {
	return r == '\'' || r == quotation || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

func outOfWord(r rune) bool { return !inWord(r) }

// clauseEnd returns the end of the clause that what stands behind a word makes;
// last is whether no word follows on the line.
func clauseEnd(gap string, last bool) rune {
	signs := strings.TrimSpace(gap)
	switch {
	case signs == "" && !last:
		return 0
	case strings.Contains(signs, "?"):
		return '?'
	}
	return '.'
}
