package lifecycle_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
)

// Whatever comes as the token of a page, raw or forged with the sum of its view: it
// is a place in the list, or an InvalidError about the token. A page is a part of
// the list, in its order, and its Next is one for the rest.
func FuzzToken(f *testing.F) {
	kit := lifecycletest.New(f, nil)
	for i := range 5 {
		chat := kit.Chat("chat-" + string(rune('a'+i)))
		chat.Open(vic)
		chat.Do(ann, conversation.Take{})
		chat.Do(ann, conversation.Close{Outcome: closure.Resolved})
		kit.Clock.Add(time.Minute)
	}
	desk, ctx := kit.Desk, f.Context()
	first, err := desk.List(ctx, lifecycletest.Workspace, lifecycle.View{}, "", 2)
	if err != nil {
		f.Fatal(err)
	}
	closings, err := desk.Closings(ctx, lifecycletest.Workspace, lifecycle.ClosingView{}, "", 2)
	if err != nil {
		f.Fatal(err)
	}
	for _, token := range []string{first.Next, closings.Next, "", "AAAA", first.Next + "=", first.Next[1:]} {
		f.Add(token, int64(0), "", 0, false)
	}
	f.Add("", lifecycletest.Start.UnixMicro(), "chat-b", 1, true)
	f.Add("", int64(math.MaxInt64), "chat-b", math.MaxInt, true)
	f.Add("", int64(math.MinInt64), "chat b", -1, true)
	f.Fuzz(func(t *testing.T, token string, at int64, id string, number int, forged bool) {
		ofList, ofClosings := token, token
		if forged {
			ofList, ofClosings = forge(t, first.Next, at, id, number), forge(t, closings.Next, at, id, number)
		}
		page, err := desk.List(t.Context(), lifecycletest.Workspace, lifecycle.View{}, ofList, 2)
		checkTokenError(t, err)
		for i, c := range page.Conversations {
			if i > 0 && c.Since.Before(page.Conversations[i-1].Since) || forged && c.Since.Before(time.UnixMicro(at)) {
				t.Errorf("%s of %v is out of order", c.ID, c.Since)
			}
		}
		if page.Next != "" {
			_, err := desk.List(t.Context(), lifecycletest.Workspace, lifecycle.View{}, page.Next, 2)
			if err != nil {
				t.Errorf("the token of a page: %v", err)
			}
		}
		part, err := desk.Closings(t.Context(), lifecycletest.Workspace, lifecycle.ClosingView{}, ofClosings, 2)
		checkTokenError(t, err)
		if err == nil && forged && (number < 1 || number > conversation.MaxHistory) {
			t.Errorf("number %d was taken", number)
		}
		for i, r := range part.Closings {
			if i > 0 && r.Compare(part.Closings[i-1]) <= 0 {
				t.Errorf("%s is out of order", r.Conversation)
			}
		}
	})
}

func checkTokenError(t *testing.T, err error) {
	t.Helper()
	if e, ok := errors.AsType[*conversation.InvalidError](err); err != nil && (!ok || e.Field != "token" || len(err.Error()) > 200) {
		t.Errorf("%.300v", err)
	}
}

// forge returns a token with another place. Tokens have no secret: they are checked
// as every input is.
func forge(t *testing.T, token string, at int64, id string, number int) string {
	t.Helper()
	body, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(body, &fields); err != nil {
		t.Fatal(err)
	}
	fields["t"], fields["id"], fields["n"] = at, id, number
	if body, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(body)
}
