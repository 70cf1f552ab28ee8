package main

import (
	"time"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/snooze"
)

// A demoVisitor is somebody who is in an open conversation.
type demoVisitor struct {
	ID, Name string
	Online   bool
	Since    time.Duration // ago
	Email    string
}

var demoVisitors = []demoVisitor{
	{"visitor-03", demoNames[2], true, 2 * time.Minute, ""}, // who were here before
	{"visitor-09", demoNames[8], false, time.Minute, ""},
	{"visitor-61", "Rosa Delgado", true, 20 * time.Minute, ""},
	{"visitor-62", "Henrik Dahl", true, 8 * time.Minute, ""},
	{"visitor-63", "Aylin Kaya", true, 5 * time.Minute, ""},
	{"visitor-64", "Grace Wanjiru", false, 53 * time.Minute, "grace@example.com"},
	{"visitor-65", "Pavel Dvořák", true, 7 * time.Minute, ""},
	{"visitor-66", "Saoirse Byrne", true, 5 * time.Minute, ""},
}

// presentStories are the conversations that are open. Nothing of it changes by
// itself in the first minutes but that agents are prompted.
var presentStories = []struct {
	story
	Visitor demoVisitor
	Agent   string
	Began   time.Duration // ago
}{
	{story{Title: "with the bot", Steps: []step{
		theVisitor.says("What are your opening hours on Saturday?"),
	}}, demoVisitors[0], "", 2 * time.Minute},
	{story{Title: "with the bot, which asked back", Steps: []step{
		theVisitor.says("Hi there!"),
		theVisitor.says("Where is my parcel? It should be here by now."),
	}}, demoVisitors[1], "", 4 * time.Minute},
	{story{Title: "waits for long", Steps: []step{
		theVisitor.says("The mirror I ordered arrived damaged."),
		theVisitor.says("It has a crack across the middle. Can I talk to somebody?"),
	}}, demoVisitors[2], "", 15 * time.Minute},
	{story{Title: "waits for billing", Steps: []step{
		theVisitor.says("The VAT on my invoice is wrong. I would like to speak to someone."),
	}}, demoVisitors[3], "", 7 * time.Minute},
	{story{Title: "waits", Steps: []step{
		theVisitor.says("Can a person help me choose a desk?").after(10 * time.Second),
	}}, demoVisitors[4], "", 90 * time.Second},
	{story{Title: "put aside", Steps: []step{
		theVisitor.says("Two of the four chairs of order {order} did not come. I need a person."), takes.after(2 * time.Minute),
		theAgent.says("Hello Grace, this is Ann. I am asking the warehouse, they answer within three hours."),
		theVisitor.says("Fine, I am off to work. You can write to me."),
		theAgent.says("I will!").after(5 * time.Minute),
		theAgent.notes("Warehouse asked, {ticket}."),
		theAgent.does(conversation.Snooze{Until: snooze.For(snooze.Short)}),
	}}, demoVisitors[5], "ann", time.Hour},
	{story{Title: "unanswered", Steps: []step{
		theVisitor.says("I would like to talk to an agent about order {order}."), takes.after(2 * time.Minute),
		theAgent.says("Hello Pavel, this is Ann. What can I do for you?"),
		theVisitor.says("Could you send it to my office instead? I am not at home this week."),
	}}, demoVisitors[6], "ann", 7 * time.Minute},
	{story{Title: "with an agent", Steps: []step{
		theVisitor.says("Is there a human? My discount code does not work.").after(20 * time.Second), takes.after(time.Minute),
		theAgent.says("Hi Saoirse, I am Ben. Which code is it?").after(40 * time.Second),
		theVisitor.says("SPRING10").after(30 * time.Second),
		theAgent.says("Thank you, I am looking into it.").after(30 * time.Second),
	}}, demoVisitors[7], "ben", 4 * time.Minute},
}
