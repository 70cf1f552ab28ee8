package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/adjourn/adjourn/conversation"
)

func TestVisitorAnswersSurvey(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.taken()
	s.closed(id)
	page := vic.page("/")
	contains(t, page, `id="survey-1"`, "How satisfied are you", `name="rating" value="5"`)

	code, page := vic.send(path+"/survey", "request", "a", "number", "1", "comment", "Quick\r\nand kind")
	if code != http.StatusUnprocessableEntity {
		t.Errorf("an answer without a rating: %d", code)
	}
	contains(t, page, "Quick\nand kind</textarea>", `role="alert"`)
	if code, _ := vic.send(path+"/survey", "rating", "5"); code != http.StatusNotFound {
		t.Errorf("an answer to no survey: %d", code)
	}
	if code, _ := vic.send(path+"/survey", "number", "7", "rating", "5"); code != http.StatusConflict {
		t.Errorf("an answer about a closing that there is not: %d", code)
	}
	for range 2 {
		vic.sent(path+"/survey", "request", "b", "number", "1", "rating", "4", "comment", "Quick\r\nand kind")
	}
	page = vic.page("/")
	contains(t, page, "<strong>4 of 5</strong>", "Quick\nand kind")
	lacks(t, page, `name="rating"`)
	if code, _ := vic.send(path+"/survey", "request", "c", "number", "1", "rating", "1"); code != http.StatusConflict {
		t.Errorf("a second answer: %d", code)
	}
	if got := s.get(id).Closing.Survey; got == nil || got.Rating != 4 {
		t.Errorf("the answer: %+v", got)
	}
}

// Each closing has a survey of its own, which can be answered until it is over.
func TestSurveysOfSeveralClosings(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.taken()
	s.closed(id)
	vic.sent("/say", "request", "again", "text", "And the lamp?")
	s.must(s.desk.Take(t.Context(), s.call(id)))
	s.closed(id)
	contains(t, vic.page("/"), `id="survey-1"`, `id="survey-2"`)
	vic.sent(path+"/survey", "request", "a", "number", "1", "rating", "2")
	got := s.get(id)
	if len(got.Earlier) != 1 || got.Earlier[0].Survey.Rating != 2 || got.Closing.Survey.Rating != 0 {
		t.Errorf("the surveys: %+v, %+v", got.Earlier, got.Closing.Survey)
	}
	s.clock.AdvanceTo(s.clock.Now().Add(conversation.DefaultSurveyOpen + time.Minute))
	page := vic.page("/")
	contains(t, page, "<strong>2 of 5</strong>", "It is too late to answer this.")
	lacks(t, page, `name="rating"`)
	if code, _ := vic.send(path+"/survey", "request", "b", "number", "2", "rating", "5"); code != http.StatusConflict {
		t.Errorf("an answer that comes late: %d", code)
	}
}

// The survey of an earlier conversation is answered on its page, which stays.
func TestSurveyOfAnEarlierChat(t *testing.T) {
	s := newShop(t)
	vic := s.visitor("Vic")
	path, id := vic.taken()
	s.closed(id)
	s.clock.AdvanceTo(s.clock.Now().Add(conversation.DefaultReopenWindow + time.Hour))
	vic.sent("/say", "request", "later", "text", "Hello?")
	contains(t, vic.page(path), `name="past"`)
	code, header := status(t, vic.client, post(t, vic.server+vic.base+path+"/survey", map[string][]string{
		"number": {"1"}, "rating": {"3"}, "past": {"yes"},
	}))
	if code != http.StatusSeeOther || header.Get("Location") != vic.base+path {
		t.Errorf("%d, to %q", code, header.Get("Location"))
	}
	contains(t, vic.page(path), "<strong>3 of 5</strong>")
}
