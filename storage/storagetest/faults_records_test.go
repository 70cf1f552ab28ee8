package storagetest_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/adjourn/adjourn/storage"
)

type (
	putFunc        = func(*broken, context.Context, storage.Record) error
	listFunc       = func(*broken, context.Context, storage.RecordQuery, string, int) ([]storage.Record, error)
	dueRecordsFunc = func(*broken, context.Context, time.Time, storage.DueRecord, int) ([]storage.DueRecord, error)
)

var recordFaults = []fault{
	{"visitors are never due", "Records/every field", broken{
		recorded: func(_ *broken, r *storage.Record) {
			if r.Key.Kind == storage.KindVisitor {
				r.Due = time.Time{}
			}
		},
	}},
	{"agents have one group", "Records/every field", broken{
		recorded: func(_ *broken, r *storage.Record) { r.Groups = r.Groups[:min(1, len(r.Groups))] },
	}},
	{"forgets the key of what it does not know", "Records/unknown has its key", broken{
		recorded: func(_ *broken, r *storage.Record) {
			if r.Version == 0 {
				r.Key = storage.RecordKey{}
			}
		},
	}},
	{"an unknown record is an error", "Records/unknown has its key", broken{
		record: func(b *broken, ctx context.Context, k storage.RecordKey) (storage.Record, error) {
			r, err := b.Store.Record(ctx, k)
			if err == nil && r.Version == 0 {
				err = errors.New("no rows")
			}
			return r, err
		},
	}},
	{"finds records by ID alone", "Records/another workspace or kind is unknown", broken{
		putting: func(b *broken, r *storage.Record) { b.note(r.Key.ID, r.Key) },
		recorded: func(b *broken, r *storage.Record) {
			if k := noted[storage.RecordKey](b, r.Key.ID); r.Version == 0 && k.ID != "" {
				*r = b.stored(k)
			}
		},
	}},
	{"puts what is known elsewhere", "Records/another workspace or kind is unknown", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			if b.stored(r.Key).Version == 0 {
				r.Version = 0
			}
			return b.Store.Put(ctx, r)
		},
	}},
	{"cuts long IDs", "Records/keys byte by byte", broken{
		putting: func(_ *broken, r *storage.Record) { r.Key.ID = r.Key.ID[:min(100, len(r.Key.ID))] },
	}},
	{"ignores the case of IDs", "Records/keys byte by byte", broken{
		putting: func(_ *broken, r *storage.Record) { r.Key.ID = strings.ToLower(r.Key.ID) },
		record: func(b *broken, ctx context.Context, k storage.RecordKey) (storage.Record, error) {
			r, err := b.Store.Record(ctx, storage.RecordKey{Workspace: k.Workspace, Kind: k.Kind, ID: strings.ToLower(k.ID)})
			r.Key = k
			return r, err
		},
	}},
	{"adds groups to those before", "Records/replaced wholly", broken{
		putting: func(b *broken, r *storage.Record) {
			groups := slices.Concat(r.Groups, b.stored(r.Key).Groups)
			slices.Sort(groups)
			r.Groups = slices.Compact(groups)
		},
	}},
	{"keeps the text when there is none", "Records/replaced wholly", broken{
		putting: func(b *broken, r *storage.Record) { r.Text = cmp.Or(r.Text, b.stored(r.Key).Text) },
	}},
	{"lists what was put first", "Records/replaced wholly", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, after, limit)
			for i, r := range found {
				if first := noted[storage.Record](b, r.Key); first.Version > 0 {
					found[i] = first
				}
				b.note(r.Key, found[i])
			}
			return found, err
		},
	}},
	{"never due later", "Records/replaced by one that is due later", broken{
		putting: func(b *broken, r *storage.Record) {
			if before := b.stored(r.Key).Due; !before.IsZero() && (r.Due.IsZero() || before.Before(r.Due)) {
				r.Due = before
			}
		},
	}},
	{"leaves the instant before in the queue", "Records/replaced by one that is due later", broken{
		putting: func(b *broken, r *storage.Record) {
			if before := b.stored(r.Key); !before.Due.IsZero() {
				add(b, "queue", storage.DueRecord{At: before.Due, Key: r.Key})
			}
		},
		queued: func(b *broken, found []storage.DueRecord) []storage.DueRecord {
			return append(found, noted[[]storage.DueRecord](b, "queue")...)
		},
	}},
	{"puts at any version", "Records/put at another version changes nothing", broken{
		putting: func(b *broken, r *storage.Record) { r.Version = b.stored(r.Key).Version },
	}},
	{"puts the due instant before it checks", "Records/put at another version changes nothing", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			err := b.Store.Put(ctx, r)
			if errors.Is(err, storage.ErrConflict) {
				b.resettle(r.Key, func(stored *storage.Record) { stored.Due = r.Due })
			}
			return err
		},
	}},
	{"ignores a put of what exists", "Records/put at another version changes nothing", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			err := b.Store.Put(ctx, r)
			if r.Version == 0 && errors.Is(err, storage.ErrConflict) {
				return nil
			}
			return err
		},
	}},
	{"puts whatever seats moved", "Records/put after seats moved changes nothing", broken{
		putting: func(b *broken, r *storage.Record) { r.SeatMoves = b.stored(r.Key).SeatMoves },
	}},
	{"puts when as many seats are taken", "Records/put after seats moved changes nothing", broken{
		putting: func(b *broken, r *storage.Record) {
			if stored := b.stored(r.Key); stored.Seats == r.Seats {
				r.SeatMoves = stored.SeatMoves
			}
		},
	}},
	{"compares the seat moves of nothing", "Records/new whatever SeatMoves says", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			if r.Version == 0 && r.SeatMoves != 0 {
				return storage.ErrConflict
			}
			return b.Store.Put(ctx, r)
		},
	}},
	{"keeps the seat moves that it was given", "Records/new whatever SeatMoves says", broken{
		putting: func(b *broken, r *storage.Record) {
			if r.Version == 0 {
				b.note(r.Key, r.SeatMoves)
			}
		},
		recorded: func(b *broken, r *storage.Record) { r.SeatMoves += noted[int64](b, r.Key) },
	}},
	{"counts seats from the record on", "Records/new with the seats from before", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			err := b.Store.Put(ctx, r)
			if err == nil && r.Version == 0 {
				b.note(r.Key, b.stored(r.Key).Seats)
			}
			return err
		},
		recorded: func(b *broken, r *storage.Record) { r.Seats -= noted[int](b, r.Key) },
	}},
	{"who comes later frees no seats from before", "Records/new with the seats from before", broken{
		commit: freeing(func(before time.Time, _ storage.Commit) time.Time { return before }),
	}},
	{"takes the seats that are put", "Records/put without regard to seats", broken{
		putting: func(b *broken, r *storage.Record) { b.note(r.Key, r.Seats) },
		recorded: func(b *broken, r *storage.Record) {
			if r.Version > 0 {
				r.Seats = noted[int](b, r.Key)
			}
		},
	}},
	{"takes the instant of seats that is put", "Records/put without regard to seats", broken{
		putting:  func(b *broken, r *storage.Record) { b.note(r.Key, r.SeatsAt) },
		recorded: func(b *broken, r *storage.Record) { r.SeatsAt = noted[time.Time](b, r.Key) },
	}},
	{"settling is putting", "Records/settled", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error { return b.Store.Put(ctx, r) },
	}},
	{"settling is later or never", "Records/settled", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			if before := b.stored(r.Key).Due; !r.Due.IsZero() && r.Due.Before(before) {
				r.Due = before
			}
			return b.Store.Settle(ctx, r)
		},
	}},
	{"settles a workspace", "Records/settled", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			err := b.Store.Settle(ctx, r)
			if err == nil {
				b.resettle(agentKey("yan"), func(yan *storage.Record) { yan.Due = r.Due })
			}
			return err
		},
	}},
	{"settles at any version", "Records/settled at another version or after seats moved changes nothing", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			if stored := b.stored(r.Key); stored.Version > 0 {
				r.Version = stored.Version
			}
			return b.Store.Settle(ctx, r)
		},
	}},
	{"settles whatever seats moved", "Records/settled at another version or after seats moved changes nothing", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			r.SeatMoves = b.stored(r.Key).SeatMoves
			return b.Store.Settle(ctx, r)
		},
	}},
	{"settles nothing", "Records/settled at another version or after seats moved changes nothing", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			if b.stored(r.Key).Version == 0 {
				return ctx.Err()
			}
			return b.Store.Settle(ctx, r)
		},
	}},
	{"checks the version, then puts", "Records/of several at once, one is put", broken{
		put: func(b *broken, ctx context.Context, r storage.Record) error {
			if b.stored(r.Key).Version != r.Version {
				return storage.ErrConflict
			}
			linger()
			r.Version = b.stored(r.Key).Version
			return b.Store.Put(ctx, r)
		},
	}},
}

var listFaults = []fault{
	{"lists all kinds", "List/of a workspace and kind", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) (all []storage.Record, err error) {
			for _, q.Kind = range []storage.Kind{storage.KindAgent, storage.KindGroup, storage.KindVisitor} {
				found, err := b.Store.List(ctx, q, after, limit)
				if err != nil {
					return nil, err
				}
				all = append(all, found...)
			}
			return all, nil
		},
	}},
	{"lists no seats", "List/of a workspace and kind", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, after, limit)
			for i := range found {
				found[i].Seats = 0
			}
			return found, err
		},
	}},
	{"looks for a group in the text of all", "List/of a group", broken{
		list: listed(func(_ *broken, q storage.RecordQuery, r storage.Record) bool {
			return strings.Contains(strings.Join(r.Groups, ","), q.Group)
		}),
	}},
	{"looks for a group between commas", "List/of a group", broken{
		list: listed(func(_ *broken, q storage.RecordQuery, r storage.Record) bool {
			return q.Group == "" || strings.Contains(","+strings.Join(r.Groups, ",")+",", ","+q.Group+",")
		}),
	}},
	{"ignores the case of groups", "List/of a group", broken{
		list: listed(func(_ *broken, q storage.RecordQuery, r storage.Record) bool {
			return q.Group == "" || slices.ContainsFunc(r.Groups, func(group string) bool { return strings.EqualFold(group, q.Group) })
		}),
	}},
	{"lists only who has a group", "List/of a group", broken{
		list: listed(func(_ *broken, q storage.RecordQuery, r storage.Record) bool {
			return q.Group == "" && len(r.Groups) > 0 || slices.Contains(r.Groups, q.Group)
		}),
	}},
	{"free is available", "List/who are free", broken{
		list: listed(func(_ *broken, q storage.RecordQuery, r storage.Record) bool { return !q.Free || r.Available }),
	}},
	{"free has a seat left", "List/who are free", broken{
		list: listed(func(_ *broken, q storage.RecordQuery, r storage.Record) bool { return !q.Free || r.Seats < r.Capacity }),
	}},
	{"free unless exactly full", "List/who are free", broken{
		list: listed(func(_ *broken, q storage.RecordQuery, r storage.Record) bool {
			return !q.Free || r.Available && r.Seats != r.Capacity
		}),
	}},
	{"lists the free only", "List/who are free", broken{
		list: listed(func(_ *broken, _ storage.RecordQuery, r storage.Record) bool {
			return r.Available && r.Seats < r.Capacity
		}),
	}},
	{"free in any group", "List/who are free in a group", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			if q.Free {
				q.Group = ""
			}
			return b.Store.List(ctx, q, after, limit)
		},
	}},
	{"in a group, free or not", "List/who are free in a group", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			q.Free = q.Free && q.Group == ""
			return b.Store.List(ctx, q, after, limit)
		},
	}},
	{"orders IDs as people do", "List/ordered by ID, byte by byte", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, after, limit)
			slices.SortFunc(found, func(x, y storage.Record) int { return asPeople(nameOf(x), nameOf(y)) })
			return found, err
		},
	}},
	{"begins with the given ID", "List/after a given one", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, "", 1000)
			return page(found, func(r storage.Record) bool { return r.Key.ID < after }, limit), err
		},
	}},
	{"looks for the given ID", "List/after a given one", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, "", 1000)
			at := slices.IndexFunc(found, func(r storage.Record) bool { return r.Key.ID == after })
			return page(found[at+1:], func(storage.Record) bool { return false }, limit), err
		},
	}},
	{"does not limit lists", "List/at most limit", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, _ int) ([]storage.Record, error) {
			return b.Store.List(ctx, q, after, 1000)
		},
	}},
	{"limits lists before it selects", "List/pages are filled with those who are selected", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			selected, err := b.Store.List(ctx, q, after, 1000)
			if err != nil {
				return nil, err
			}
			q.Free, q.Group = false, ""
			found, err := b.Store.List(ctx, q, after, limit)
			return page(found, func(r storage.Record) bool {
				return !slices.ContainsFunc(selected, func(s storage.Record) bool { return s.Key == r.Key })
			}, limit), err
		},
	}},
	{"pages lists by offset", "List/pages skip nobody while others leave", broken{
		list: func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
			found, err := b.Store.List(ctx, q, "", 1000)
			return offset(b, found, after == "", limit), err
		},
	}},
}

func nameOf(r storage.Record) storage.Key {
	return storage.Key{Workspace: r.Key.Workspace, Conversation: r.Key.ID}
}

// listed selects from all of a workspace and kind.
func listed(selects func(*broken, storage.RecordQuery, storage.Record) bool) listFunc {
	return func(b *broken, ctx context.Context, q storage.RecordQuery, after string, limit int) ([]storage.Record, error) {
		found, err := b.Store.List(ctx, storage.RecordQuery{Workspace: q.Workspace, Kind: q.Kind}, after, 1000)
		return page(found, func(r storage.Record) bool { return !selects(b, q, r) }, limit), err
	}
}

var dueRecordsFaults = []fault{
	{"excludes the instant of records", "DueRecords/at the instant, not a microsecond before", broken{
		dueRecords: func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
			return b.Store.DueRecords(ctx, by.Add(-time.Microsecond), after, limit)
		},
	}},
	{"includes later records", "DueRecords/at the instant, not a microsecond before", broken{
		dueRecords: func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
			return b.Store.DueRecords(ctx, by.Add(time.Microsecond), after, limit)
		},
	}},
	{"records begin in 1970", "DueRecords/however long ago", broken{
		dueRecords: dueRecordsUnless(func(_ *broken, d storage.DueRecord) bool { return d.At.Unix() < 0 }),
	}},
	{"who is away is not due", "DueRecords/whether an agent is available or not", broken{
		dueRecords: dueRecordsUnless(func(b *broken, d storage.DueRecord) bool {
			return d.Key.Kind == storage.KindAgent && !b.stored(d.Key).Available
		}),
	}},
	{"agents are due, nothing else", "DueRecords/across workspaces and kinds, ordered by instant", broken{
		dueRecords: dueRecordsUnless(func(_ *broken, d storage.DueRecord) bool { return d.Key.Kind != storage.KindAgent }),
	}},
	{"records are due in one workspace", "DueRecords/across workspaces and kinds, ordered by instant", broken{
		dueRecords: dueRecordsUnless(func(_ *broken, d storage.DueRecord) bool { return d.Key.Workspace == "b" }),
	}},
	{"orders due records by key first", "DueRecords/across workspaces and kinds, ordered by instant", broken{
		queued: func(_ *broken, found []storage.DueRecord) []storage.DueRecord {
			return slices.SortedFunc(slices.Values(found), func(x, y storage.DueRecord) int { return x.Key.Compare(y.Key) })
		},
	}},
	{"orders due records as people do", "DueRecords/then by key, byte by byte", broken{
		queued: func(_ *broken, found []storage.DueRecord) []storage.DueRecord {
			return slices.SortedFunc(slices.Values(found), func(x, y storage.DueRecord) int {
				return cmp.Or(x.At.Compare(y.At), asPeople(
					storage.Key{Workspace: x.Key.Workspace, Conversation: string(x.Key.Kind) + " " + x.Key.ID},
					storage.Key{Workspace: y.Key.Workspace, Conversation: string(y.Key.Kind) + " " + y.Key.ID},
				))
			})
		},
	}},
	{"orders due records by ID before kind", "DueRecords/then by key, byte by byte", broken{
		queued: func(_ *broken, found []storage.DueRecord) []storage.DueRecord {
			return slices.SortedFunc(slices.Values(found), func(x, y storage.DueRecord) int {
				return cmp.Or(x.At.Compare(y.At), strings.Compare(x.Key.Workspace, y.Key.Workspace),
					strings.Compare(x.Key.ID, y.Key.ID), x.Key.Compare(y.Key))
			})
		},
	}},
	{"begins with the given record", "DueRecords/after a given one", broken{
		dueRecords: func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
			found, err := b.Store.DueRecords(ctx, by, storage.DueRecord{}, 1000)
			return page(found, func(d storage.DueRecord) bool { return d.Compare(after) < 0 }, limit), err
		},
	}},
	{"begins after the instant of the record", "DueRecords/after a given one", broken{
		dueRecords: func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
			found, err := b.Store.DueRecords(ctx, by, storage.DueRecord{}, 1000)
			return page(found, func(d storage.DueRecord) bool { return !d.At.After(after.At) }, limit), err
		},
	}},
	{"does not limit due records", "DueRecords/at most limit", broken{
		dueRecords: func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, _ int) ([]storage.DueRecord, error) {
			return b.Store.DueRecords(ctx, by, after, 1000)
		},
	}},
	{"settles where it stays in the queue", "DueRecords/where it was moved to", broken{
		settle: func(b *broken, ctx context.Context, r storage.Record) error {
			b.note(r.Key, storage.DueRecord{At: b.stored(r.Key).Due, Key: r.Key})
			return b.Store.Settle(ctx, r)
		},
		queued: func(b *broken, found []storage.DueRecord) []storage.DueRecord {
			for _, id := range []string{"a", "b"} {
				if old := noted[storage.DueRecord](b, agentKey(id)); !old.At.IsZero() {
					found = append(found, old)
				}
			}
			slices.SortFunc(found, storage.DueRecord.Compare)
			return found
		},
	}},
	{"pages due records by offset", "DueRecords/pages skip nothing while others change", broken{
		dueRecords: func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
			found, err := b.Store.DueRecords(ctx, by, storage.DueRecord{}, 1000)
			return offset(b, found, after == storage.DueRecord{}, limit), err
		},
	}},
}

func dueRecordsUnless(hidden func(*broken, storage.DueRecord) bool) dueRecordsFunc {
	return func(b *broken, ctx context.Context, by time.Time, after storage.DueRecord, limit int) ([]storage.DueRecord, error) {
		found, err := b.Store.DueRecords(ctx, by, after, 1000)
		return page(found, func(d storage.DueRecord) bool { return hidden(b, d) }, limit), err
	}
}
