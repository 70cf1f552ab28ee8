package main

import (
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

// A story is how a conversation goes. What the bot does is not in it: the bot does
// it.
type story struct {
	Title   string
	Times   int    // how often it is played
	Billing bool   // whose agents play it; otherwise those of orders
	Long    bool   // it takes more than an hour
	Rating  int    // what visitors answer to the survey, or one less; zero: nothing
	Comment string // what one of three adds
	Steps   []step
}

func (p part) does(command conversation.Command) step { return step{By: p, Do: command} }
func (p part) says(text string) step                  { return p.does(conversation.Say{Text: text}) }
func (p part) notes(text string) step                 { return p.does(conversation.AddNote{Text: text}) }
func (p part) links(article string) step              { return p.does(conversation.LinkArticle{Article: article}) }

func (s step) after(wait time.Duration) step {
	s.Wait = wait
	return s
}

var (
	takes   = theAgent.does(conversation.Take{})
	checks  = theAgent.says(closure.DefaultCheckIn)
	parting = theAgent.says(closure.DefaultFarewell)
	noMore  = theVisitor.says("No, that's all. Thank you!")
)

func resolved(felt closure.Sentiment, tags ...string) conversation.Close {
	return conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Sentiment: felt, Tags: tags}}
}

func unresolved(why closure.Reason, felt closure.Sentiment, tags ...string) conversation.Close {
	c := resolved(felt, tags...)
	c.Outcome, c.Reason = closure.Unresolved, why
	return c
}

func closes(with conversation.Close) step { return theAgent.does(with) }

// despite says of which grade the guard warns, with which the agent closes all the
// same.
func (s step) despite(grade closure.Grade) step {
	c := s.Do.(conversation.Close)
	c.Acknowledged = grade
	s.Do = c
	return s
}

// noting fills in more of the form.
func (s step) noting(notes string, tickets ...string) step {
	c := s.Do.(conversation.Close)
	c.Notes, c.Tickets = notes, tickets
	s.Do = c
	return s
}

var pastStories = []story{
	{Title: "opening hours", Times: 4, Rating: 5, Comment: "Quick!", Steps: []step{
		theVisitor.says("Hi, are you open on Saturday?"), theVisitor.says("Thanks!")}},
	{Title: "return", Times: 4, Rating: 5, Steps: []step{
		theVisitor.says("Hello"), theVisitor.says("The shoes are too small, how do I send them back?"), theVisitor.says("Great, thank you")}},
	{Title: "where is my parcel", Times: 5, Rating: 4, Steps: []step{
		theVisitor.says("Where is my parcel?"), theVisitor.says("{order}"), theVisitor.says("Perfect, thanks a lot")}},
	{Title: "prices", Times: 3, Rating: 4, Steps: []step{
		theVisitor.says("How much is delivery to Norway?"), theVisitor.says("ok thanks, bye")}},
	{Title: "the visitor leaves the bot", Times: 3, Steps: []step{
		theVisitor.says("I need my invoice from May"), theVisitor.does(conversation.Close{})}},
	{Title: "the bot does not know", Times: 2, Rating: 2, Comment: "The bot does not understand me.", Steps: []step{
		theVisitor.says("Is the {item} made of oak?"), theVisitor.says("nothing, thanks")}},

	{Title: "lost parcel", Times: 4, Rating: 5, Comment: "{agent} was great.", Steps: []step{
		theVisitor.says("My parcel was to come on Monday and it is not here."), theVisitor.says("It is {order}. The page says it was delivered!"),
		theVisitor.says("It was not. I want to talk to a person."), takes,
		theAgent.says("Hello {visitor}, this is {agent}. I am asking the carrier."),
		theAgent.says("They lost it at the depot. I am sending you a new one today, with express.").after(4 * time.Minute),
		theVisitor.says("Oh, good. Thank you!"), checks, noMore, parting,
		closes(resolved(closure.Positive, "parcel", "delivery")).noting("The carrier lost order {order}. A new one was sent.", "{ticket}")}},
	{Title: "damaged", Times: 3, Rating: 4, Steps: []step{
		theVisitor.says("The {item} arrived broken. Can somebody help me?"), takes,
		theAgent.says("I am sorry to hear that, {visitor}. Do you want a new one or the money back?"),
		theVisitor.says("A new one please."), theAgent.notes("Another broken {item}: ask the warehouse how they pack it."),
		theAgent.says("It leaves today. You need not send the broken one back."), theVisitor.says("Wonderful."), checks, noMore, parting,
		closes(resolved(closure.Positive, "damaged")).noting("", "{ticket}")}},
	{Title: "wrong invoice", Times: 3, Billing: true, Rating: 4, Steps: []step{
		theVisitor.says("My invoice has the wrong address. I need to speak to someone."), theSystem.does(conversation.Assign{}),
		theAgent.says("Hello {visitor}, {agent} from billing. What should it say?"),
		theVisitor.says("The company moved to Harbour Street 12."), theAgent.says("Done. The new invoice is under My account now."),
		checks, noMore, parting, closes(resolved(closure.Neutral, "invoice", "address"))}},
	{Title: "charged twice", Times: 3, Billing: true, Rating: 3, Comment: "It took long, and it should not happen.", Steps: []step{
		theVisitor.says("I was charged {amount} twice!!"), theVisitor.says("That does not help. Give me a human"), theSystem.does(conversation.Assign{}),
		theAgent.says("I see both payments, {visitor}. I am sorry. I refund one of them right away."),
		theVisitor.says("When do I get it?"), theAgent.says("Within five days, on the same card."), checks, noMore, parting,
		closes(resolved(closure.Negative, "refund")).noting("Double charge of {amount}, refunded.", "{ticket}")}},
	{Title: "closed in a hurry", Times: 3, Rating: 2, Comment: "The chat was closed before I could say anything.", Steps: []step{
		theVisitor.says("Can I change the address of order {order}? I would like to ask a person"), takes,
		theAgent.says("I have changed it."), closes(resolved(closure.Neutral, "address")).despite(closure.Abrupt)}},
	{Title: "closed on a question", Times: 2, Rating: 1, Comment: "Nobody answered my question!", Steps: []step{
		theVisitor.says("Do you have the {item} in blue? I want to talk to an agent"), takes, theAgent.says("Not at the moment."),
		theVisitor.says("And when will it be back?"),
		closes(unresolved(closure.ReasonOther, closure.Negative)).despite(closure.Unanswered)}},
	{Title: "the visitor is silent", Times: 3, Steps: []step{
		theVisitor.says("I cannot sign in. Is there a person?"), takes, theAgent.says("Hello {visitor}. Which address do you sign in with?"),
		theAgent.says("Are you still there? Is there anything else I can help with?").after(3 * time.Minute),
		closes(unresolved(closure.ReasonVisitorLeft, "")).after(6 * time.Minute)}},
	{Title: "put aside until tomorrow", Times: 2, Long: true, Rating: 5, Comment: "They kept their word.", Steps: []step{
		theVisitor.says("My order {order} lacks the screws. I need a person."), takes,
		theAgent.says("I am asking the maker, {visitor}. I come back to you tomorrow."),
		theAgent.does(conversation.Snooze{Until: snooze.For(20 * time.Hour)}),
		theVisitor.says("I found them, they were in the other box. Sorry!").after(3 * time.Hour),
		theAgent.says("I am glad to hear that!"), checks, noMore, parting, closes(resolved(closure.Positive, "delivery"))}},
	{Title: "passed on", Times: 2, Rating: 4, Steps: []step{
		theVisitor.says("I want to return half of my order. Can I speak to someone?"), takes,
		theAgent.says("My colleague knows more about that. One moment."), theAgent.does(conversation.Transfer{}),
		theColleague.says("Hello {visitor}. Which of the items is it?"), theVisitor.says("The two lamps."),
		theColleague.says("Then I send you a label for those. The refund is {amount}."),
		theColleague.says(closure.DefaultCheckIn), noMore, theColleague.says(closure.DefaultFarewell),
		theColleague.does(resolved(closure.Positive, "returns", "refund"))}},
	{Title: "handed back", Times: 2, Rating: 4, Steps: []step{
		theVisitor.says("I lost my receipt, can I talk to somebody?"), takes, theAgent.says("No problem: I have mailed it to you again."),
		theVisitor.says("Great, thanks"), theAgent.does(conversation.HandBack{}),
		theVisitor.says("One more: what are your opening hours on the weekend?"), theVisitor.says("Thank you!")}},
	{Title: "reopened", Times: 2, Long: true, Rating: 2, Comment: "I had to write twice.", Steps: []step{
		theVisitor.says("My password does not work. I need a person"), takes, theAgent.says("I have sent you a new link."), theVisitor.says("it works, thanks"),
		checks, noMore, parting, closes(resolved(closure.Positive, "password")),
		theVisitor.says("It is me again: I am locked out. Please, a person.").after(4 * time.Hour), takes,
		theAgent.says("There were two accounts. I have joined them: please try once more."),
		theVisitor.says("That works, thank you."), checks, noMore, parting, closes(resolved(closure.Neutral, "password")).noting("Had two accounts, now one.", "{ticket}")}},
	{Title: "nobody knows", Times: 2, Rating: 2, Steps: []step{
		theVisitor.says("Can the {item} be repaired?"), theVisitor.says("I mean, do you repair a {item}?"), takes, theAgent.links("spare-parts"),
		theAgent.says("I have looked: we have nothing about repairs, {visitor}. I am sorry."), theVisitor.says("Too bad."), checks, noMore, parting,
		closes(unresolved(closure.ReasonMissingKnowledge, closure.Negative))}},
	{Title: "goes on by phone", Times: 2, Steps: []step{
		theVisitor.says("A delivery van hit my fence. I want to speak to someone."), takes,
		theAgent.says("I am sorry, {visitor}. Our insurance will call you today."), theVisitor.says("Ok, I am waiting for the call."),
		closes(unresolved(closure.ReasonContactElsewhere, closure.Negative, "delivery")).noting("Insurance calls them.", "{ticket}").despite(closure.Unanswered)}},
	{Title: "nobody came", Times: 2, Steps: []step{
		theVisitor.says("I need help with a refund, is there a real person?"),
		theVisitor.does(conversation.Close{}).after(11 * time.Minute)}},
	{Title: "decided anew", Times: 1, Long: true, Rating: 3, Steps: []step{
		theVisitor.says("The {item} wobbles. Can I talk to a person?"), takes, theAgent.says("Please turn the feet, they can be set."),
		theVisitor.says("I will try."), checks, closes(resolved(closure.Neutral, "damaged")).after(3 * time.Minute),
		theSupervisor.does(conversation.Reclassify{Outcome: closure.Unresolved, Reason: closure.ReasonOther}).after(20 * time.Hour)}},
	{Title: "spam", Times: 1, Steps: []step{
		theVisitor.says("CHEAP WATCHES at watches.example, talk to our agent now"), takes,
		theAgent.does(conversation.Block{}),
		closes(conversation.Close{Outcome: closure.Unresolved, Cause: closure.Spam}).despite(closure.Unanswered)}},
	{Title: "closed by the supervisor", Times: 1, Steps: []step{
		theVisitor.says("Where is my parcel {order}? I want a human!"), takes, theAgent.says("I am looking."),
		theSupervisor.does(conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther, Force: true}).after(50 * time.Minute)}},
}
