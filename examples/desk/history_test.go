package main

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
)

// closed opens and closes a conversation of an agent.
func (o office) closed(agent, id string, closing conversation.Close) {
	o.t.Helper()
	o.has(agent, id)
	call := lifecycle.Call{Workspace: workspace, Conversation: id, By: conversation.Agent(agent)}
	_, err := o.desk.Close(o.t.Context(), call, closing)
	o.check(err)
}

var closedItem = regexp.MustCompile(`<li id="closed-([^"]+)">`)

// closedOn returns the conversations that a page of the history lists, in order.
func closedOn(body string) (ids []string) {
	for _, found := range closedItem.FindAllStringSubmatch(body, -1) {
		ids = append(ids, found[1])
	}
	return ids
}

func TestHistoryFilter(t *testing.T) {
	o := newOffice(t)
	begin := midnight(o.clock.Now(), 1).Add(12 * time.Hour)
	o.clock.AdvanceTo(begin)
	resolved := conversation.Close{Outcome: closure.Resolved}
	unresolved := conversation.Close{Outcome: closure.Unresolved, Reason: closure.ReasonOther}
	late := conversation.Close{Outcome: closure.Resolved, Form: closure.Form{Tags: []string{"late"}}}
	o.closed("tom", "h-1", resolved)
	o.closed("una", "h-2", unresolved)
	o.clock.AdvanceTo(begin.Add(48 * time.Hour))
	o.has("tom", "h-3")
	tom := lifecycle.Call{Workspace: workspace, Conversation: "h-3", By: conversation.Agent("tom")}
	_, err := o.desk.Regroup(t.Context(), tom.As(conversation.System("")), "repairs")
	o.check(err)
	_, err = o.desk.Close(t.Context(), tom, late)
	o.check(err)
	o.closed("tom", "h-4", unresolved)
	policies, revision, err := o.desk.Policies(t.Context(), workspace)
	o.check(err)
	policies.Tags = []string{"lost"} // "late" is no more offered, but asked for
	_, err = o.desk.SetPolicies(t.Context(), workspace, policies, revision)
	o.check(err)

	una := o.signIn("una")
	day := func(after int) string {
		return begin.Add(time.Duration(after) * 24 * time.Hour).Local().Format(time.DateOnly)
	}
	for _, test := range []struct {
		query string
		want  []string
	}{
		{"agent=tom", []string{"h-4", "h-3", "h-1"}},
		{"agent=una", []string{"h-2"}},
		{"agent=tom&outcome=resolved&tag=&group=&from=&to=", []string{"h-3", "h-1"}},
		{"tag=late", []string{"h-3"}},
		{"agent=tom&from=" + day(2), []string{"h-4", "h-3"}},
		{"agent=tom&to=" + day(0), []string{"h-1"}},
		{"agent=tom&from=" + day(0) + "&to=" + day(0), []string{"h-1"}},
		{"agent=tom&from=" + day(1) + "&to=" + day(1), nil},
		{"group=repairs", []string{"h-3"}},
	} {
		body := una.page("/history?" + test.query)
		if diff := cmp.Diff(test.want, closedOn(body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.query, diff)
		}
		una.hides(body, `rel="next"`, "‹ Latest")
		if test.want == nil {
			una.shows(body, "No closed conversation is like that")
		}
	}
	body := una.page("/history?tag=late")
	una.shows(body, "<option selected>late</option>", `href="/agents/una/conversations/h-3"`, "Vic &lt;b&gt;h-3", "Tom &lt;i&gt;Teal", `<span class="tag">late</span>`)

	for _, query := range []string{"outcome=perhaps", "from=yesterday", "to=2026-02-30", "page=nonsense", "agent=%00", "group=%3Cb%3E"} {
		response, body := una.do(get(t, una.base+"/history?"+query))
		if response.StatusCode != http.StatusUnprocessableEntity || problemOn(body) == "" {
			t.Errorf("%s: %s, %s", query, response.Status, problemOn(body))
		}
	}
	for _, query := range []string{"from=yesterday", "tag=%3Cscript%3E"} {
		_, body := una.do(get(t, una.base+"/history?"+query))
		value, _ := url.QueryUnescape(strings.SplitN(query, "=", 2)[1])
		una.shows(body, html.EscapeString(value))
	}
}

// The pages of the history have each conversation once, also when the latest were
// closed meanwhile.
func TestHistoryPages(t *testing.T) {
	o := newOffice(t)
	const n = 2*historyPageSize + 3
	var want []string
	for i := range n {
		id := fmt.Sprintf("h-%02d", i)
		o.closed("tom", id, conversation.Close{Outcome: closure.Resolved})
		want = append([]string{id}, want...)
	}
	una := o.signIn("una")
	next := regexp.MustCompile(`rel="next" href="/agents/una([^"]*)"`)
	var got []string
	path := "/history?agent=tom&outcome=resolved"
	for pages := 1; ; pages++ {
		body := una.page(path)
		got = append(got, closedOn(body)...)
		if pages > 1 {
			una.shows(body, `href="/agents/una/history?agent=tom&amp;outcome=resolved">‹ Latest`)
		}
		found := next.FindStringSubmatch(body)
		if found == nil {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		path = html.UnescapeString(found[1])
		if pages == 1 {
			o.closed("tom", "h-new", conversation.Close{Outcome: closure.Resolved})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("on all pages (-want +got):\n%s", diff)
	}

	// A token is of one filter.
	response, body := una.do(get(t, una.base+strings.Replace(path, "resolved", "unresolved", 1)))
	if response.StatusCode != http.StatusUnprocessableEntity || problemOn(body) == "" {
		t.Errorf("the page of another filter: %s", response.Status)
	}

	una.shows(una.page("/"), `<a href="/agents/una/history">and `)
}
