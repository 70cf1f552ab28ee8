package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// A topic is something that the bot knows an answer to.
type topic struct {
	Article string   // of the knowledge base, which the answer is from
	Group   string   // whose agents know more
	Words   []string // who uses most of them asks about it
	Answer  string
	Number  bool // the answer needs the number of an order
}

var topics = []topic{
	{
		Article: "opening-hours", Group: "orders",
		Words:  []string{"open", "opening", "hours", "saturday", "sunday", "weekend", "closed"},
		Answer: "Our shop is open Monday to Friday from 9:00 to 18:00 and on Saturday from 10:00 to 16:00. We are closed on Sundays.",
	},
	{
		Article: "returns", Group: "orders",
		Words:  []string{"return", "returns", "send back", "send it back", "exchange", "wrong size", "too small", "too big"},
		Answer: "You can send everything back within 30 days. Print a label under My orders, put it on the parcel, and leave it at any post office. The money is back within five days.",
	},
	{
		Article: "prices-and-delivery", Group: "orders",
		Words:  []string{"price", "prices", "cost", "costs", "how much", "expensive", "free delivery", "delivery cost", "shipping cost", "discount"},
		Answer: "Delivery is 4.90 €, and free from 50 € on. What an item costs is on its page, and taxes are in it.",
	},
	{
		Article: "track-a-parcel", Group: "orders", Number: true,
		Words:  []string{"parcel", "package", "tracking", "delivered", "delivery", "shipped", "arrive", "order number", "my order"},
		Answer: "I can look that up. What is the number of your order? It has five digits and is in our confirmation.",
	},
	{
		Article: "invoices", Group: "billing",
		Words:  []string{"invoice", "invoices", "bill", "receipt", "vat", "charged", "refund", "payment", "paid"},
		Answer: "Your invoices are under My account, Invoices, as PDF files. A refund arrives on the card that you paid with, within five days.",
	},
	{
		Article: "sign-in", Group: "orders",
		Words:  []string{"password", "log in", "login", "sign in", "locked out"},
		Answer: "Click “Forgot my password” where you sign in, and we send you a link for a new one. It works for an hour.",
	},
}

// What else the bot says.
const (
	botGreets   = "Hello! I am the bot of the shop. I know about parcels, returns, prices, invoices and our opening hours. What can I do for you?"
	botIsLost   = "I am sorry, I did not understand that. Could you say it in other words? You can also ask for a person."
	botGivesUp  = "I am sorry, I do not understand. I am getting a person for you."
	botHandsOff = "Of course. I am getting a person for you."
	botLeaves   = "You are welcome. Have a nice day!"
	botAsksOn   = " Is there anything else?"
)

var (
	wantsPerson = []string{"person", "human", "agent", "somebody", "someone", "operator", "talk to", "speak to", "speak with"}
	greetings   = []string{"hello", "hi", "hey", "good morning", "good afternoon", "good evening"}
	orderNumber = regexp.MustCompile(`\b[0-9]{5}\b`)
)

// whereIs is what the system for orders would know.
func whereIs(order string) string {
	where := []string{
		"has left our warehouse and arrives tomorrow",
		"is with the carrier and arrives within two days",
		"is ready for you at the post office",
	}
	return fmt.Sprintf("Order %s %s.", order, where[int(order[len(order)-1]-'0')%len(where)])
}

// topicOf returns the topic of which a text has the most words, nil for none.
func topicOf(text string) *topic {
	var best *topic
	most := 0
	for i := range topics {
		if n := count(text, topics[i].Words); n > most {
			best, most = &topics[i], n
		}
	}
	return best
}

func has(text string, words []string) bool { return count(text, words) > 0 }

// count returns how many of the words a plain text has.
func count(text string, words []string) (n int) {
	for _, w := range words {
		if strings.Contains(text, " "+w+" ") {
			n++
		}
	}
	return n
}

// plain returns a text as words in lower case with a space around each.
func plain(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return " " + strings.Join(words, " ") + " "
}
