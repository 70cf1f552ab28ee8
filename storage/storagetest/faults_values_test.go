package storagetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

var valueFaults = []fault{
	{"takes bodies for JSON", "Values/bodies byte for byte", broken{
		committing: func(_ *broken, c *storage.Commit) {
			var compact bytes.Buffer
			if json.Compact(&compact, c.Head.Body) == nil {
				c.Head.Body = compact.Bytes()
			}
		},
	}},
	{"takes bodies of events for text", "Values/bodies byte for byte", broken{
		events: changed(func(e *storage.Event) { e.Body = bytes.ToValidUTF8(e.Body, []byte("?")) }),
	}},
	{"takes policies for a C string", "Values/bodies byte for byte", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			l.Policies.Body, _, _ = bytes.Cut(l.Policies.Body, []byte{0})
		},
	}},
	{"takes bodies of records for JSON", "Values/bodies byte for byte", broken{
		putting: func(_ *broken, r *storage.Record) {
			var compact bytes.Buffer
			if json.Compact(&compact, r.Body) == nil {
				r.Body = compact.Bytes()
			}
		},
	}},
	{"shows bodies as text", "Values/bodies byte for byte", broken{
		shown: showing(func(r *storage.Row) { r.Head.Body = bytes.ToValidUTF8(r.Head.Body, []byte("?")) }),
	}},
	{"cuts texts of records", "Values/texts byte for byte", broken{
		putting: func(_ *broken, r *storage.Record) { r.Text = r.Text[:min(255, len(r.Text))] },
	}},
	{"rounds due instants of records to milliseconds", "Values/times of views and records to the microsecond in UTC", broken{
		putting: func(_ *broken, r *storage.Record) { r.Due = r.Due.Truncate(time.Millisecond) },
	}},
	{"takes seats on the full second", "Values/times of views and records to the microsecond in UTC", broken{
		committing: func(_ *broken, c *storage.Commit) { c.At = c.At.Truncate(time.Second) },
	}},
	{"enters states on the full second", "Values/times of views and records to the microsecond in UTC", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Head.Since = c.Head.Since.Truncate(time.Second) },
	}},
	{"shows times of the machine's zone", "Values/times of views and records to the microsecond in UTC", broken{
		shown: showing(func(r *storage.Row) { r.Head.Updated = r.Head.Updated.In(time.FixedZone("", 3600)) }),
	}},
	{"queues records in the machine's zone", "Values/times of views and records to the microsecond in UTC", broken{
		queued: func(_ *broken, found []storage.DueRecord) []storage.DueRecord {
			for i := range found {
				found[i].At = found[i].At.In(time.FixedZone("", 3600))
			}
			return found
		},
	}},
	{"seats were taken in 1970", "Values/the zero time stays zero", broken{
		recorded: func(_ *broken, r *storage.Record) {
			if r.SeatMoves == 0 {
				r.SeatsAt = time.Unix(0, 0).UTC()
			}
		},
	}},
	{"counts seats in 16 bits", "Values/numbers and fingerprints", broken{
		putting: func(_ *broken, r *storage.Record) { r.Capacity = int(int16(r.Capacity)) },
	}},
	{"trims groups", "Values/words of views and groups byte for byte", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Head.Group = strings.TrimSpace(c.Head.Group) },
	}},
	{"joins tags with commas", "Values/words of views and groups byte for byte", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if len(l.Head.Tags) > 0 {
				l.Head.Tags = strings.Split(strings.Join(l.Head.Tags, ","), ",")
			}
		},
	}},
	{"joins groups of agents with commas", "Values/words of views and groups byte for byte", broken{
		recorded: func(_ *broken, r *storage.Record) {
			if len(r.Groups) > 0 {
				r.Groups = strings.Split(strings.Join(r.Groups, ","), ",")
			}
		},
	}},
	{"trims texts", "Values/texts byte for byte", broken{
		events: changed(func(e *storage.Event) { e.Text = strings.TrimSpace(e.Text) }),
	}},
	{"cuts texts at 65,535 bytes", "Values/texts byte for byte", broken{
		events: changed(func(e *storage.Event) { e.Text = e.Text[:min(65_535, len(e.Text))] }),
	}},
	{"ends lines its own way", "Values/texts byte for byte", broken{
		events: changed(func(e *storage.Event) { e.Text = strings.ReplaceAll(e.Text, "\r\n", "\n") }),
	}},
	{"has three bytes for a rune", "Values/texts byte for byte", broken{
		events: changed(func(e *storage.Event) {
			e.Text = strings.Map(func(r rune) rune { return min(r, 0xffff) }, e.Text)
		}),
	}},
	{"feeds no texts", "Values/texts byte for byte", broken{
		entries: func(_ *broken, entries []storage.Entry) []storage.Entry {
			for _, e := range entries {
				for i := range e.Events {
					e.Events[i].Text = ""
				}
			}
			return entries
		},
	}},
	{"cuts reasons", "Values/reasons byte for byte", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			setback.Reason = setback.Reason[:min(255, len(setback.Reason))]
			return b.Store.SetBack(ctx, k, version, setback)
		},
	}},
	{"lists reasons in one line", "Values/reasons byte for byte", broken{
		listed: func(_ *broken, listed []storage.SetbackOf) []storage.SetbackOf {
			for i := range listed {
				listed[i].Reason = strings.Join(strings.Fields(listed[i].Reason), " ")
			}
			return listed
		},
	}},
	{"counts failures in a byte", "Values/reasons byte for byte", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			setback.Failures = min(setback.Failures, 255)
			return b.Store.SetBack(ctx, k, version, setback)
		},
	}},
	{"rounds times of setbacks to milliseconds", "Values/times to the microsecond in UTC", broken{
		setBack: func(b *broken, ctx context.Context, k storage.Key, version int64, setback storage.Setback) error {
			setback.RetryAt = setback.RetryAt.Truncate(time.Millisecond)
			return b.Store.SetBack(ctx, k, version, setback)
		},
	}},
	{"closes on the full second", "Values/times to the microsecond in UTC", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Head.DormantSince = c.Head.DormantSince.Truncate(time.Second) },
	}},
	{"rounds times to milliseconds", "Values/times to the microsecond in UTC", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Head.Due = c.Head.Due.Truncate(time.Millisecond) },
	}},
	{"returns times of the machine's zone", "Values/times to the microsecond in UTC", broken{
		found: func(_ *broken, found []storage.Due) []storage.Due {
			for i := range found {
				found[i].At = found[i].At.In(time.FixedZone("", 3600))
			}
			return found
		},
	}},
	{"counts times from 1970", "Values/times to the microsecond in UTC", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Head.Due.Unix() == 0 {
				l.Head.Due = time.Time{}
			}
		},
	}},
	{"never is 1970", "Values/the zero time stays zero", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Head.Version > 0 && l.Head.Due.IsZero() {
				l.Head.Due = time.Unix(0, 0).UTC()
			}
		},
	}},
	{"open is closed in 1970", "Values/the zero time stays zero", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Head.Version > 0 && l.Head.DormantSince.IsZero() {
				l.Head.DormantSince = time.Unix(0, 0).UTC()
			}
		},
	}},
	{"to be tried in 1970", "Values/the zero time stays zero", broken{
		loaded: func(_ *broken, _ storage.Key, l *storage.Loaded) {
			if l.Setback.Failures > 0 && l.Setback.RetryAt.IsZero() {
				l.Setback.RetryAt = time.Unix(0, 0).UTC()
			}
		},
	}},
	{"counts revisions in 32 bits", "Values/numbers and fingerprints", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Head.PolicyRevision = int64(int32(c.Head.PolicyRevision)) },
	}},
	{"keeps half of a fingerprint", "Values/numbers and fingerprints", broken{
		committing: func(_ *broken, c *storage.Commit) { clear(c.Command.Fingerprint[8:]) },
	}},
}

// changed changes every event that is read.
func changed(change func(*storage.Event)) func(*broken, []storage.Event) []storage.Event {
	return func(_ *broken, events []storage.Event) []storage.Event {
		for i := range events {
			change(&events[i])
		}
		return events
	}
}

var ownershipFaults = []fault{
	{"returns its own head", "Ownership/what Load returns is the caller's", broken{
		loaded: func(b *broken, _ storage.Key, l *storage.Loaded) { l.Head.Body = shared(b, l.Head.Body) },
	}},
	{"returns its own policies", "Ownership/what Load returns is the caller's", broken{
		loaded: func(b *broken, _ storage.Key, l *storage.Loaded) { l.Policies.Body = shared(b, l.Policies.Body) },
	}},
	{"returns its own record of a command", "Ownership/what Load returns is the caller's", broken{
		loaded: func(b *broken, _ storage.Key, l *storage.Loaded) {
			if l.Applied != nil {
				l.Applied = &shared(b, []storage.Applied{*l.Applied})[0]
			}
		},
	}},
	{"returns its own events", "Ownership/what History returns is the caller's", broken{
		events: func(b *broken, events []storage.Event) []storage.Event { return shared(b, events) },
	}},
	{"returns its own queue", "Ownership/what Due returns is the caller's", broken{
		found: func(b *broken, found []storage.Due) []storage.Due { return shared(b, found) },
	}},
	{"returns its own keys", "Ownership/what Outdated returns is the caller's", broken{
		keys: func(b *broken, keys []storage.Key) []storage.Key { return shared(b, keys) },
	}},
	{"returns its own setbacks", "Ownership/what Setbacks returns is the caller's", broken{
		listed: func(b *broken, listed []storage.SetbackOf) []storage.SetbackOf { return shared(b, listed) },
	}},
	{"returns its own bodies in the feed", "Ownership/what Feed returns is the caller's", broken{
		entries: func(b *broken, entries []storage.Entry) []storage.Entry {
			for _, e := range entries {
				for i := range e.Events {
					e.Events[i].Body = shared(b, e.Events[i].Body)
				}
			}
			return entries
		},
	}},
	{"returns its own rows", "Ownership/what View returns is the caller's", broken{
		shown: func(b *broken, rows []storage.Row) []storage.Row { return shared(b, rows) },
	}},
	{"returns its own tags", "Ownership/what View returns is the caller's", broken{
		shown: func(b *broken, rows []storage.Row) []storage.Row {
			for i := range rows {
				rows[i].Head.Tags = shared(b, rows[i].Head.Tags)
			}
			return rows
		},
	}},
	{"loads its own tags", "Ownership/what Load returns is the caller's", broken{
		loaded: func(b *broken, _ storage.Key, l *storage.Loaded) { l.Head.Tags = shared(b, l.Head.Tags) },
	}},
	{"returns its own groups", "Ownership/what Record and List return is the caller's", broken{
		recorded: func(b *broken, r *storage.Record) { r.Groups = shared(b, r.Groups) },
	}},
	{"returns its own bodies of records", "Ownership/what Record and List return is the caller's", broken{
		recorded: func(b *broken, r *storage.Record) { r.Body = shared(b, r.Body) },
	}},
	{"returns its own queue of records", "Ownership/what DueRecords returns is the caller's", broken{
		queued: func(b *broken, found []storage.DueRecord) []storage.DueRecord { return shared(b, found) },
	}},
	{"keeps the groups that it was given", "Ownership/what Put is given stays the caller's", broken{
		putting:  func(b *broken, r *storage.Record) { b.note(r.Key, r.Groups) },
		recorded: func(b *broken, r *storage.Record) { r.Groups = slices.Clone(noted[[]string](b, r.Key)) },
	}},
	{"sorts the groups that it was given", "Ownership/what Put is given stays the caller's", broken{
		putting: func(_ *broken, r *storage.Record) { slices.Reverse(r.Groups) },
	}},
	{"keeps the tags that it was given", "Ownership/what Commit is given stays the caller's", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) { b.note(c.Key, c.Head.Tags) }),
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) { l.Head.Tags = slices.Clone(noted[[]string](b, k)) },
	}},
	{"keeps the events that it was given", "Ownership/what Commit is given stays the caller's", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) {
			for _, e := range c.Events {
				b.note(e.Version, e.Body)
			}
		}),
		events: func(b *broken, events []storage.Event) []storage.Event {
			for i := range events {
				events[i].Body = slices.Clone(noted[[]byte](b, events[i].Version))
			}
			return events
		},
	}},
	{"keeps the head that it was given", "Ownership/what Commit is given stays the caller's", broken{
		commit: afterwards(nil, func(b *broken, c storage.Commit) { b.note(c.Key, c.Head.Body) }),
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) { l.Head.Body = slices.Clone(noted[[]byte](b, k)) },
	}},
	{"takes the texts out of the events it was given", "Ownership/Commit leaves what it is given as it was", broken{
		commit: afterwards(nil, func(_ *broken, c storage.Commit) {
			for i := range c.Events {
				c.Events[i].Text = ""
			}
		}),
	}},
	{"keeps the policies that it was given", "Ownership/what SetPolicies is given stays the caller's", broken{
		setPolicies: func(b *broken, ctx context.Context, workspace string, expect int64, body []byte) error {
			b.note(workspace, body)
			return b.Store.SetPolicies(ctx, workspace, expect, body)
		},
		loaded: func(b *broken, k storage.Key, l *storage.Loaded) {
			l.Policies.Body = slices.Clone(noted[[]byte](b, k.Workspace))
		},
	}},
}
