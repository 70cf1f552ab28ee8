package drivertest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/internal/proof"
)

// metaSights are what streams must show here and there, so that finding no
// difference says something.
var metaSights = []string{
	"stored by a newer version", "successor true", "repeated true", `advice ["long_snooze"]`, "live",
	"erased true", "fired acme", "failed acme", "set back", " never ", "due ", "outdated ", "command ",
	`\x00\xff\xfe`, "65536 bytes", "1 recomputed", "applied true", "applied false",
	"error: lifecycle: feed at", "error: lifecycle: the command ID was used for another command",
	"error: lifecycle: the policies have changed meanwhile", "no such conversation",
	"error: storage: conflict", "error: storage: no such position in the feed", "error: storage: the feed was purged",
	"invalid workspace", "invalid conversation", "invalid command ID", "invalid subscriber", "invalid actor", "invalid text",
	"error: storage: the agent has no seat left", "the agent has no seat left; allowed: ", "error: lifecycle: no such agent", "error: lifecycle: no such group", "cannot log out with",
	"assigned acme", "assigned Acme", "due record ", "failed acme agent ", "failed acme visitor ", "next due never",
	"vic@example.com", "online true", "takes new true", "place 2", "queue of 2", "unread in ", "removed true", "seat \"Ann\"", `"VIP" "späть 👋" "vip"`,
	"invalid agent", "invalid limit", "invalid email", "invalid fate", "invalid into", "invalid reason",
	"invalid marks", "invalid rating", "invalid sentiment", "invalid tickets", "invalid tags", "invalid by", "invalid to",
	"closing chat-1 1 ", "closing chat-1 2 ", "closing chat-1 1001 ", `tags ["späть 👋" "vip"]`, `articles ["KB2" "kb1" "kb2"]`, `group ["vip"] of `, `spread ["Ann"] of `,
	"group [] of ", "total {", "line {Keys:[2026-03-", "about {", "purged true", "purged false", `catalogue ["späть 👋" "VIP" "vip"]`, `tickets ["https`,
	"Next:take", "Next:answer", "Next:check_in", "Next:wait", "Next:say_goodbye", `"acknowledged":true`,
	"invalid note", "invalid as of", "invalid idle.", "invalid until", "invalid visitor", "invalid outcome", "invalid history",
}

// TestMetamorphicStreams: streams go everywhere. Every event happens, every
// sentinel is given for a refusal, and each of the sights comes.
func TestMetamorphicStreams(t *testing.T) {
	proof.Long(t)
	t.Parallel()
	want := metaSights
	for _, name := range strings.Fields(`opened said agent_requested taken assigned handed_back transferred requeued
		snoozed woken closed reclassified reopened regrouped assignee_left assignee_returned email_requested typed marked_read note_added article_linked
		blocked unblocked prompted followed_up survey_offered survey_answered`) {
		want = append(want, fmt.Sprintf(`"type":%q`, name))
	}
	for _, why := range []error{
		conversation.ErrNotPossible, conversation.ErrNotFound, conversation.ErrForbidden, conversation.ErrHeld, conversation.ErrExists,
		conversation.ErrNoBot, conversation.ErrAlreadyClosed, conversation.ErrBlocked, conversation.ErrStale,
		conversation.ErrFormIncomplete, conversation.ErrDiscourteous, conversation.ErrNoSurvey, conversation.ErrSurveyAnswered, conversation.ErrSurveyOver,
		conversation.ErrAgentGone, conversation.ErrAgentFull, conversation.ErrAgentUnavailable,
	} {
		want = append(want, ": "+why.Error())
	}
	var all strings.Builder
	for stream := range int64(metaControl) {
		_, seen, err := metaInvent(t.Context(), metaDice(1, stream), metaOperations)
		if err != nil {
			t.Fatal(err)
		}
		for _, sight := range seen {
			all.WriteString(sight)
		}
	}
	for _, sight := range want {
		if !strings.Contains(all.String(), sight) {
			t.Errorf("never seen: %s", sight)
		}
	}
}
