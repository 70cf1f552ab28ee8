package lifecycle_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
	"github.com/adjourn/adjourn/lifecycle"
	"github.com/adjourn/adjourn/lifecycle/lifecycletest"
)

// What a host passes on from a page reaches no store that it could break.
func TestBounds(t *testing.T) {
	t.Parallel()
	kit := lifecycletest.New(t, nil)
	chat := kit.Chat("chat-1")
	chat.Open(vic)
	chat.Do(ann, conversation.Take{})
	desk, ctx := kit.Desk, t.Context()
	for _, id := range badIDs[1:] {
		_, err := desk.Setbacks(ctx, id, "chat-1", 1)
		invalid(t, err, "workspace")
		_, err = desk.Setbacks(ctx, "acme", id, 1)
		invalid(t, err, "conversation")
		_, err = desk.Tags(ctx, id)
		invalid(t, err, "workspace")
		if strings.Contains(err.Error(), id) {
			t.Errorf("Tags of %q: the error repeats it: %v", id, err)
		}
	}
	want, err := desk.NextDue(ctx, lifecycletest.Start.Add(time.Hour))
	if check(t, err); want.IsZero() {
		t.Fatal("nothing is due")
	}
	for _, far := range []time.Time{time.UnixMicro(math.MaxInt64).Add(time.Hour), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got, err := desk.NextDue(ctx, far); err != nil || !got.Equal(want) {
			t.Errorf("due by %v: %v, %v, want %v", far, got, err, want)
		}
	}
	if got, err := desk.NextDue(ctx, time.Unix(math.MinInt64, 0)); err != nil || !got.IsZero() {
		t.Errorf("due before all times: %v, %v", got, err)
	}
	live := desk.Subscribe(math.MaxInt)
	defer live.Close()
	if n := cap(live.Updates()); n != lifecycle.MaxBuffer {
		t.Errorf("a buffer without end holds %d updates", n)
	}
	behind := time.FixedZone("", -27*3600)
	q := lifecycle.ReportQuery{Filter: closure.Filter{From: lifecycletest.Start, To: lifecycletest.Start.AddDate(0, 0, 2)}, By: []closure.Dimension{closure.ByDay}, Zone: behind}
	_, err = desk.Report(ctx, lifecycletest.Workspace, q)
	check(t, err)
}
