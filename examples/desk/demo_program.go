package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

const (
	demoDays = 14
	demoSeed = 7 // the same demo every time
)

// program returns what is played: the past, the earliest first, and then what is
// going on now.
func program(now time.Time) []play {
	random := rand.New(rand.NewPCG(demoSeed, demoSeed))
	var all []play
	for _, s := range pastStories {
		for range s.Times {
			all = append(all, play{story: s, Start: demoStart(now, s, random)})
		}
	}
	slices.SortStableFunc(all, func(a, b play) int { return a.Start.Compare(b.Start) })
	for i := range all {
		all[i].ID, all[i].Random = fmt.Sprintf("demo-%02d", i+1), random
		all[i].Cast, all[i].Name = cast(i, all[i].story)
	}
	for i, s := range presentStories {
		p := play{story: s.story, ID: fmt.Sprintf("now-%d", i+1), Start: now.Add(-s.Began), Name: s.Visitor.Name, Random: random}
		p.Cast, _ = cast(0, s.story)
		p.Cast[theVisitor] = conversation.Visitor(s.Visitor.ID)
		p.Cast[theAgent] = conversation.Agent(s.Agent)
		all = append(all, p)
	}
	return all
}

// demoStart returns when a past conversation begins: in working hours, and so that
// it is over by now.
func demoStart(now time.Time, s story, random *rand.Rand) time.Time {
	if !s.Long && random.IntN(10) == 0 {
		return now.Add(-2*time.Hour - upTo(3*time.Hour, random))
	}
	ago := 1 + random.IntN(demoDays)
	if s.Long {
		ago = max(ago, 3)
	}
	day := now.AddDate(0, 0, -ago)
	nine := time.Date(day.Year(), day.Month(), day.Day(), 9, 0, 0, 0, day.Location())
	return nine.Add(upTo(9*time.Hour, random))
}

func upTo(d time.Duration, random *rand.Rand) time.Duration {
	return time.Duration(random.Int64N(int64(d)))
}

// cast returns who plays a story, and what the visitor is called. Some visitors
// come twice.
func cast(i int, s story) (map[part]conversation.Actor, string) {
	visitor := i % len(demoNames)
	all := map[part]conversation.Actor{
		theVisitor:    conversation.Visitor(fmt.Sprintf("visitor-%02d", visitor+1)),
		theAgent:      conversation.Agent("ann"),
		theColleague:  conversation.Agent("cleo"),
		theSupervisor: conversation.Supervisor("sue"),
		theSystem:     conversation.System(""),
	}
	switch {
	case s.Billing:
		all[theAgent] = conversation.Agent("cleo")
	case i%2 == 1:
		all[theAgent] = conversation.Agent("ben")
	}
	return all, demoNames[visitor]
}

var demoNames = []string{
	"Amara Diallo", "Lukas Brandt", "Mei-Ling Chen", "Sofía Herrera", "Oluwaseun Adeyemi", "Ingrid Solberg",
	"Rahul Mehta", "Aoife Ní Bhriain", "Yusuf Demir", "Chloé Marchand", "Kenji Watanabe", "Fatima Zahra El Idrissi",
	"Tomasz Wiśniewski", "Leilani Kahale", "Nguyễn Thị Hoa", "Giulia Conti", "Abebe Bekele", "Katarína Nováková",
	"João Figueiredo", "Priya Raman", "Samuel Kwarteng", "Eszter Szabó", "Nizhoni Begay", "Ali Reza Karimi",
	"Björn Åkesson", "Marisol Quispe", "Thandiwe Dlamini", "Park Ji-woo", "Olena Kovalenko", "Hassan al-Tamimi",
	"Freya Macleod", "Budi Santoso", "Naledi Mokoena", "Dimitra Papadaki", "Carlos Ixcoy", "Zainab Bello",
	"Siddharth Iyer", "Ana-Maria Popescu", "Wiremu Tamihana", "Hélène Tremblay", "Noa Levi", "Emre Aydın",
	"Malia Fa'asavalu", "Jan de Vries",
}

var demoItems = []string{"chair", "desk", "lamp", "mirror", "shelf", "sofa", "table", "wardrobe"}
