package compat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/roster"
	"github.com/adjourn/adjourn/storage"
)

// members are the members that a version's JSON can have, as paths such as
// "conversation/closing/survey/until". Names that are data are written "*", and so
// are the places of lists.
type members map[string]bool

// membersOf returns those of the version that wrote a directory.
func membersOf(format string) (members, error) {
	text, err := testdata.ReadFile(path.Join("testdata", format, "members.txt"))
	if err != nil {
		return nil, err
	}
	known := members{}
	for name := range strings.Lines(string(text)) {
		known[strings.TrimSuffix(name, "\n")] = true
	}
	return known, nil
}

// answered are the types of what is stored and answered, by their names in the
// answers.
var answered = map[string]reflect.Type{
	"conversation": reflect.TypeFor[stored[conversation.Conversation]](),
	"policies":     reflect.TypeFor[stored[conversation.Policies]](),
	"record":       reflect.TypeFor[[]storedRecord](),
	"head":         reflect.TypeFor[storage.Head](),
	"transcript":   reflect.TypeFor[lifecycle.Transcript](),
	"visitor":      reflect.TypeFor[lifecycle.Visitor](),
	"unread":       reflect.TypeFor[[]unread](),
	"engagements":  reflect.TypeFor[lifecycle.CustomerHistory](),
	"agents":       reflect.TypeFor[[]lifecycle.Agent](),
	"groups":       reflect.TypeFor[[]roster.Group](),
	"queue":        reflect.TypeFor[lifecycle.Queue](),
	"closings":     reflect.TypeFor[[]closure.Record](),
	"report":       reflect.TypeFor[lifecycle.Report](),
	"articles":     reflect.TypeFor[[]closure.Article](),
	"deliveries":   reflect.TypeFor[[]delivery](),
}

// What the library's own types look like as JSON, where they write it themselves
// or do not show it.
type (
	stored[T any] struct {
		Format int `json:"v"`
		Data   T   `json:"data"`
	}
	storedRecord struct {
		Format int                `json:"v"`
		Seq    int64              `json:"seq"`
		At     time.Time          `json:"at"`
		Clock  time.Time          `json:"clock"`
		By     conversation.Actor `json:"by"`
		Type   string             `json:"type"`
		Data   data               `json:"data"`
		Text   string             `json:"text"`
		Erased bool               `json:"erased"`
	}
	unread struct {
		Conversation string
		Record       storedRecord
	}
	delivery struct {
		Position, Workspace, Conversation int
		Records                           []storedRecord
	}
)

// data stands for the data of an event, which has the members of its type.
type data struct {
	Opened           conversation.Opened           `json:"opened"`
	Said             conversation.Said             `json:"said"`
	AgentRequested   conversation.AgentRequested   `json:"agent_requested"`
	Taken            conversation.Taken            `json:"taken"`
	Assigned         conversation.Assigned         `json:"assigned"`
	HandedBack       conversation.HandedBack       `json:"handed_back"`
	Transferred      conversation.Transferred      `json:"transferred"`
	Requeued         conversation.Requeued         `json:"requeued"`
	Snoozed          conversation.Snoozed          `json:"snoozed"`
	Woken            conversation.Woken            `json:"woken"`
	Closed           conversation.Closed           `json:"closed"`
	Reclassified     conversation.Reclassified     `json:"reclassified"`
	SurveyOffered    conversation.SurveyOffered    `json:"survey_offered"`
	SurveyAnswered   conversation.SurveyAnswered   `json:"survey_answered"`
	Reopened         conversation.Reopened         `json:"reopened"`
	Regrouped        conversation.Regrouped        `json:"regrouped"`
	AssigneeLeft     conversation.AssigneeLeft     `json:"assignee_left"`
	AssigneeReturned conversation.AssigneeReturned `json:"assignee_returned"`
	EmailRequested   conversation.EmailRequested   `json:"email_requested"`
	Typed            conversation.Typed            `json:"typed"`
	MarkedRead       conversation.MarkedRead       `json:"marked_read"`
	NoteAdded        conversation.NoteAdded        `json:"note_added"`
	ArticleLinked    conversation.ArticleLinked    `json:"article_linked"`
	Blocked          conversation.Blocked          `json:"blocked"`
	Unblocked        conversation.Unblocked        `json:"unblocked"`
	Prompted         conversation.Prompted         `json:"prompted"`
	FollowedUp       conversation.FollowedUp       `json:"followed_up"`
}

// membersToday returns the members that today's code has.
func membersToday() members {
	known := members{}
	for name, t := range answered {
		known.add(name, t)
	}
	return known
}

func (m members) add(at string, t reflect.Type) {
	m[at] = true
	switch t.Kind() {
	case reflect.Pointer:
		m.add(at, t.Elem())
	case reflect.Slice, reflect.Array, reflect.Map:
		m.add(at+"/*", t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case name == "-" || !f.IsExported():
			case f.Anonymous && name == "":
				m.add(at, f.Type)
			case name == "":
				m.add(at+"/"+f.Name, f.Type)
			default:
				m.add(at+"/"+name, f.Type)
			}
		}
	}
}

func (m members) text() []byte {
	return []byte(strings.Join(slices.Sorted(maps.Keys(m)), "\n") + "\n")
}

// differences returns where got is not what was written. It may have members that
// the version that wrote it did not know.
func (m members) differences(of string, want, got json.RawMessage) []string {
	if bytes.Equal(want, got) {
		return nil
	}
	w, err := valueOf(want)
	if err != nil {
		return []string{err.Error()}
	}
	g, err := valueOf(got)
	if err != nil {
		return []string{err.Error()}
	}
	var d []string
	m.compare(of, w, g, &d)
	return d
}

// valueOf reads JSON. Numbers stay as they are written.
func valueOf(body json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

func (m members) compare(at string, want, got any, d *[]string) {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		inside := m.inside(at, want)
		for name, w := range want {
			g, has := got[name]
			if !has {
				*d = append(*d, fmt.Sprintf("%s: %s is missing, was %v", at, name, w))
				continue
			}
			m.compare(m.below(at, inside, name), w, g, d)
		}
		for name, g := range got {
			if _, had := want[name]; !had && m[m.below(at, inside, name)] {
				*d = append(*d, fmt.Sprintf("%s: %s is %v, was missing", at, name, g))
			}
		}
		return
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			break
		}
		for i := range want {
			m.compare(at+"/*", want[i], got[i], d)
		}
		return
	}
	if !reflect.DeepEqual(want, got) {
		*d = append(*d, fmt.Sprintf("%s: is %s, was %s", at, short(got), short(want)))
	}
}

// inside returns the path of the data of a record, and at for everything else.
func (m members) inside(at string, value map[string]any) string {
	if event, ok := value["type"].(string); ok && m[at+"/data/"+event] {
		return at + "/data/" + event
	}
	return at
}

// below returns the path of a member: the data of an event has a path of its own,
// and a name that is data has none.
func (m members) below(at, inside, name string) string {
	switch {
	case name == "data" && inside != at:
		return inside
	case m[at+"/*"]:
		return at + "/*"
	}
	return at + "/" + name
}

func short(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if len(text) > 400 {
		return string(text[:400]) + " … of " + strconv.Itoa(len(text)) + " bytes"
	}
	return string(text)
}
