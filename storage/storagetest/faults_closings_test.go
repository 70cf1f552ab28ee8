package storagetest_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/storage"
)

type closingsFunc = func(*broken, context.Context, storage.ClosingQuery, int) ([]closure.Record, error)

var closingFaults = []fault{
	{"replaces all closings of a conversation", "Closings/beside the others", broken{
		committing: func(b *broken, c *storage.Commit) { b.note(c.Key, c.Closings) },
		concluded: without(func(b *broken, q storage.ClosingQuery, r closure.Record) bool {
			last := noted[[]closure.Record](b, storage.Key{Workspace: q.Workspace, Conversation: r.Conversation})
			return !slices.ContainsFunc(last, func(of closure.Record) bool { return of.Number == r.Number })
		}),
	}},
	{"keeps the last closing of a conversation", "Closings/beside the others", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Last = true },
	}},
	{"knows a closing by its conversation and time", "Closings/the last of a conversation", broken{
		concluded: func(_ *broken, _ storage.ClosingQuery, found []closure.Record) []closure.Record {
			return slices.CompactFunc(found, func(x, y closure.Record) bool {
				return x.Conversation == y.Conversation && x.At.Equal(y.At)
			})
		},
	}},
	{"loses the update", "Closings/in the place of that number", broken{
		committing: reput(func(old, _ closure.Record) closure.Record { return old }),
	}},
	{"puts a decision beside the one before", "Closings/in the place of that number", broken{
		committing: func(b *broken, c *storage.Commit) { add(b, "put", c.Closings...) },
		concluded: func(b *broken, q storage.ClosingQuery, found []closure.Record) []closure.Record {
			return slices.DeleteFunc(noted[[]closure.Record](b, "put"), func(r closure.Record) bool {
				return !q.Selects(r, time.Time{})
			})
		},
	}},
	{"no tags is no change of tags", "Closings/in the place of that number", broken{
		committing: reput(func(old, r closure.Record) closure.Record {
			if len(r.Tags) == 0 {
				r.Tags = old.Tags
			}
			return r
		}),
	}},
	{"keeps the articles from before", "Closings/in the place of that number", broken{
		committing: reput(func(old, r closure.Record) closure.Record {
			r.Articles = slices.Compact(slices.Sorted(slices.Values(slices.Concat(old.Articles, r.Articles))))
			return r
		}),
	}},
	{"still finds it by the tags from before", "Closings/in the place of that number", broken{
		committing: func(b *broken, c *storage.Commit) {
			for _, r := range c.Closings {
				add(b, r.Conversation, r.Tags...)
			}
		},
		closings: chosen(func(b *broken, q storage.ClosingQuery, r closure.Record) bool {
			return q.Tag == "" || slices.Contains(noted[[]string](b, r.Conversation), q.Tag)
		}, func(q *storage.ClosingQuery) { q.Tag = "" }),
	}},
	{"keeps the figures from before", "Closings/in the place of that number", broken{
		committing: reput(func(old, r closure.Record) closure.Record {
			r.Figures = old.Figures
			return r
		}),
	}},
	{"keeps the grade from before", "Closings/in the place of that number", broken{
		committing: reput(func(old, r closure.Record) closure.Record {
			r.Grade = old.Grade
			return r
		}),
	}},
	{"puts the first of several", "Closings/several at once", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Closings = c.Closings[:min(1, len(c.Closings))] },
	}},
	{"puts the last of several", "Closings/several at once", broken{
		committing: func(_ *broken, c *storage.Commit) { c.Closings = c.Closings[max(0, len(c.Closings)-1):] },
	}},
	{"puts closings without events", "Closings/none without events", broken{
		commit: afterwards(nil, overlay), concluded: overlaid,
	}},
	{"puts closings though it conflicts", "Closings/after a refused commit as before", broken{
		commit: afterwards(storage.ErrConflict, overlay), concluded: overlaid,
	}},
	{"puts closings before it knows the conversation", "Closings/after a refused commit as before", broken{
		commit: afterwards(storage.ErrConflict, func(b *broken, c storage.Commit) {
			if b.head(c.Key).Version == 0 {
				add(b, "more", c.Closings...)
			}
		}),
		concluded: func(b *broken, _ storage.ClosingQuery, found []closure.Record) []closure.Record {
			return append(found, noted[[]closure.Record](b, "more")...)
		},
	}},
	{"puts closings though the command is known", "Closings/after a refused commit as before", broken{
		commit: func(b *broken, ctx context.Context, c storage.Commit) error {
			err := b.Store.Commit(ctx, c)
			if errors.Is(err, storage.ErrConflict) && c.Command.ID != "" {
				overlay(b, c)
			}
			return err
		},
		concluded: overlaid,
	}},
	{"puts closings though the agent is full", "Closings/after one that is full as before", broken{
		commit: afterwards(storage.ErrFull, overlay), concluded: overlaid,
	}},
	{"forgets closings of what was reopened", "Closings/left as they are", broken{
		concluded: without(func(b *broken, q storage.ClosingQuery, r closure.Record) bool {
			return b.head(storage.Key{Workspace: q.Workspace, Conversation: r.Conversation}).Version == 2
		}),
	}},
	{"erases closings", "Closings/left as they are", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			b.note("erased", true)
			return b.Store.Erase(ctx, workspace, visitor)
		},
		concluded: without(func(b *broken, _ storage.ClosingQuery, _ closure.Record) bool { return noted[bool](b, "erased") }),
	}},
	{"erases tags of closings", "Closings/left as they are", broken{
		erase: func(b *broken, ctx context.Context, workspace, visitor string) (int, error) {
			b.note("erased", true)
			return b.Store.Erase(ctx, workspace, visitor)
		},
		concluded: ended(func(b *broken, r *closure.Record) {
			if noted[bool](b, "erased") {
				r.Tags = nil
			}
		}),
	}},
	{"forgets the reason", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) { r.Reason = "" }),
	}},
	{"takes the outcome from the cause", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			if r.Cause == closure.Agent {
				r.Outcome = closure.Resolved
			}
		}),
	}},
	{"every closing is the team's", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) { r.Side = closure.SideTeam }),
	}},
	{"no figure is zero", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			for f := range r.Figures {
				r.Figures[f] = max(0, r.Figures[f])
			}
		}),
	}},
	{"zero is no figure", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			for f := range r.Figures {
				if r.Figures[f] == 0 {
					r.Figures[f] = closure.None
				}
			}
		}),
	}},
	{"keeps figures as numbers of JavaScript", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			for f := range r.Figures {
				r.Figures[f] = int64(float64(r.Figures[f]))
			}
		}),
	}},
	{"counts figures in 32 bits", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			for f := range r.Figures {
				r.Figures[f] = int64(int32(r.Figures[f]))
			}
		}),
	}},
	{"mixes two figures up", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			r.Figures[closure.Prompts], r.Figures[closure.FollowUps] = r.Figures[closure.FollowUps], r.Figures[closure.Prompts]
		}),
	}},
	{"numbers closings in 16 bits", "Closings/whole", broken{
		concluded: ended(func(_ *broken, r *closure.Record) { r.Number = int(uint16(r.Number)) }),
	}},
	{"tells the tag that was asked for", "Closings/whole", broken{
		concluded: func(_ *broken, q storage.ClosingQuery, found []closure.Record) []closure.Record {
			for i := range found {
				if q.Tag != "" {
					found[i].Tags = []string{q.Tag}
				}
			}
			return found
		},
	}},
	{"finds one closing for each article", "Closings/whole", broken{
		concluded: func(_ *broken, _ storage.ClosingQuery, found []closure.Record) (joined []closure.Record) {
			for _, r := range found {
				for range max(1, len(r.Articles)) {
					joined = append(joined, r)
				}
			}
			return joined
		},
	}},
	{"finds closings of all workspaces", "Closings/of a workspace", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) (all []closure.Record, err error) {
			for _, q.Workspace = range []string{"acme", "other"} {
				found, err := b.Store.Closings(ctx, q, limit)
				if err != nil {
					return nil, err
				}
				all = append(all, found...)
			}
			return all, nil
		},
	}},
	{"closed again in another workspace", "Closings/of a workspace", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			found, err := b.Store.Closings(ctx, q, 1000)
			other := q
			other.Workspace = "other"
			others, _ := b.Store.Closings(ctx, other, 1000)
			return page(found, func(r closure.Record) bool {
				return q.Last && slices.ContainsFunc(others, func(of closure.Record) bool {
					return of.Conversation == r.Conversation && of.Number > r.Number
				})
			}, limit), err
		},
	}},
	{"ignores the conversation of closings", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Conversation = "" },
	}},
	{"ignores the outcome of closings", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Outcome = "" },
	}},
	{"ignores the cause", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Cause = "" },
	}},
	{"ignores the side", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Side = "" },
	}},
	{"ignores the agent of closings", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Agent = "" },
	}},
	{"ignores the group of closings", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Group = "" },
	}},
	{"ignores the sentiment", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Sentiment = "" },
	}},
	{"ignores the grades", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Grades = nil },
	}},
	{"ignores the tag of closings", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Tag = "" },
	}},
	{"ignores the article", "Closings/by one thing each", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Article = "" },
	}},
	{"keeps tags and articles in one list", "Closings/by one thing each", broken{
		closings: chosen(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			return q.Tag == "" || slices.Contains(slices.Concat(r.Tags, r.Articles), q.Tag)
		}, func(q *storage.ClosingQuery) { q.Tag = "" }),
	}},
	{"looks at the first article", "Closings/by one thing each", broken{
		closings: chosen(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			return q.Article == "" || len(r.Articles) > 0 && r.Articles[0] == q.Article
		}, func(q *storage.ClosingQuery) { q.Article = "" }),
	}},
	{"looks for the group in agents", "Closings/by one thing each", broken{
		closings: chosen(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			return q.Group == "" || r.Group == q.Group || r.Agent == q.Group
		}, func(q *storage.ClosingQuery) { q.Group = "" }),
	}},
	{"looks at the first of the grades", "Closings/any of the grades", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Grades = q.Grades[:min(1, len(q.Grades))] },
	}},
	{"no grade is any grade", "Closings/any of the grades", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) {
			if slices.Contains(q.Grades, "") {
				q.Grades = nil
			}
		},
	}},
	{"never finds what has no grade", "Closings/any of the grades", broken{
		concluded: without(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			return len(q.Grades) > 0 && r.Grade == ""
		}),
	}},
	{"finds a closing for each grade that is asked for", "Closings/any of the grades", broken{
		concluded: func(_ *broken, q storage.ClosingQuery, found []closure.Record) (joined []closure.Record) {
			for _, r := range found {
				for _, grade := range append(q.Grades[:len(q.Grades):len(q.Grades)], r.Grade)[:max(1, len(q.Grades))] {
					if grade == r.Grade {
						joined = append(joined, r)
					}
				}
			}
			return joined
		},
	}},
	{"the grades of an agent are all grades", "Closings/by several things at once", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) {
			if q.Agent != "" {
				q.Grades = nil
			}
		},
	}},
	{"asks for a tag or an article", "Closings/by several things at once", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) {
			if q.Group != "" && q.Tag != "" {
				q.Group = ""
			}
		},
	}},
	{"ignores the case of agents who closed", "Closings/compared byte by byte", broken{
		closings: chosen(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			return q.Agent == "" || strings.EqualFold(r.Agent, q.Agent)
		}, func(q *storage.ClosingQuery) { q.Agent = "" }),
	}},
	{"trims sentiments", "Closings/compared byte by byte", broken{
		closings: chosen(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			return q.Sentiment == "" || strings.TrimSpace(string(r.Sentiment)) == strings.TrimSpace(string(q.Sentiment))
		}, func(q *storage.ClosingQuery) { q.Sentiment = "" }),
	}},
	{"looks for a tag in the text of those of a closing", "Closings/compared byte by byte", broken{
		closings: chosen(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			list, _ := json.Marshal(r.Tags)
			return q.Tag == "" || strings.Contains(string(list), q.Tag)
		}, func(q *storage.ClosingQuery) { q.Tag = "" }),
	}},
	{"takes an article for a pattern", "Closings/compared byte by byte", broken{
		closings: chosen(func(_ *broken, q storage.ClosingQuery, r closure.Record) bool {
			return q.Article == "" || q.Article == "%" || slices.Contains(r.Articles, q.Article)
		}, func(q *storage.ClosingQuery) { q.Article = "" }),
	}},
	{"knows the causes of today", "Closings/compared byte by byte", broken{
		committing: rewrite(func(r *closure.Record) {
			if !slices.Contains(closure.Causes(), r.Cause) {
				r.Cause = closure.Agent
			}
		}),
	}},
	{"joins tags of closings with commas", "Closings/byte for byte", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			if len(r.Tags) > 0 {
				r.Tags = strings.Split(strings.Join(r.Tags, ","), ",")
			}
		}),
	}},
	{"trims articles", "Closings/byte for byte", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			for i := range r.Articles {
				r.Articles[i] = strings.TrimSpace(r.Articles[i])
			}
		}),
	}},
	{"ends lines of groups its own way", "Closings/byte for byte", broken{
		concluded: ended(func(_ *broken, r *closure.Record) { r.Group = strings.ReplaceAll(r.Group, "\r\n", "\n") }),
	}},
	{"has three bytes for a rune of an agent", "Closings/byte for byte", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			r.Agent = strings.Map(func(c rune) rune { return min(c, 0xffff) }, r.Agent)
		}),
	}},
	{"closes on the full millisecond", "Closings/times to the microsecond in UTC", broken{
		committing: rewrite(func(r *closure.Record) { r.At = r.At.Truncate(time.Millisecond) }),
	}},
	{"closes in the machine's zone", "Closings/times to the microsecond in UTC", broken{
		concluded: ended(func(_ *broken, r *closure.Record) { r.At = r.At.In(time.FixedZone("", 3600)) }),
	}},
	{"the last of those selected", "Closings/the last of a conversation", broken{
		closings: chosen(func(b *broken, q storage.ClosingQuery, r closure.Record) bool {
			last := q.Last
			q.Last = false
			found, _ := b.Store.Closings(context.Background(), q, 1000)
			return !last || !slices.ContainsFunc(found, func(of closure.Record) bool {
				return of.Conversation == r.Conversation && of.Number > r.Number
			})
		}, func(q *storage.ClosingQuery) { q.Last = false }),
	}},
	{"the last ever", "Closings/the last of a conversation", broken{
		closings: lastBy(func(q storage.ClosingQuery, r, of closure.Record) bool { return of.Number > r.Number }),
	}},
	{"closed again at the end is closed again", "Closings/the last of a conversation", broken{
		closings: lastBy(func(q storage.ClosingQuery, r, of closure.Record) bool {
			return of.Number > r.Number && (q.To.IsZero() || !of.At.After(q.To))
		}),
	}},
	{"the last by its number as text", "Closings/the last of a conversation", broken{
		closings: lastBy(func(q storage.ClosingQuery, r, of closure.Record) bool {
			return strings.Compare(strconv.Itoa(of.Number), strconv.Itoa(r.Number)) > 0 && (q.To.IsZero() || of.At.Before(q.To))
		}),
	}},
	{"ignores Last", "Closings/the last of a conversation", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Last = false },
	}},
	{"the last by its time", "Closings/the last by its number, not by its time", broken{
		closings: lastBy(func(q storage.ClosingQuery, r, of closure.Record) bool {
			later := cmp.Or(of.At.Compare(r.At), cmp.Compare(of.Number, r.Number)) > 0
			return later && (q.To.IsZero() || of.At.Before(q.To))
		}),
	}},
	{"looks at the next closing alone", "Closings/the last by its number, not by its time", broken{
		closings: lastBy(func(q storage.ClosingQuery, r, of closure.Record) bool {
			return of.Number == r.Number+1 && (q.To.IsZero() || of.At.Before(q.To))
		}),
	}},
	{"closings begin in 1970", "Closings/however long ago", broken{
		concluded: without(func(_ *broken, _ storage.ClosingQuery, r closure.Record) bool { return r.At.Unix() < 0 }),
	}},
	{"1970 is no bound of closings", "Closings/however long ago", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) {
			if q.From.Unix() == 0 {
				q.From = time.Time{}
			}
		},
	}},
	{"From is excluded from closings", "Closings/not before From, and before To", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) {
			if !q.From.IsZero() {
				q.From = q.From.Add(time.Microsecond)
			}
		},
	}},
	{"To is included in closings", "Closings/not before From, and before To", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) {
			if !q.To.IsZero() {
				q.To = q.To.Add(time.Microsecond)
			}
		},
	}},
	{"ignores From", "Closings/not before From, and before To", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.From = time.Time{} },
	}},
	{"ignores To", "Closings/not before From, and before To", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.To = time.Time{} },
	}},
	{"cuts From to microseconds", "Closings/not before From, and before To", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.From = q.From.Truncate(time.Microsecond) },
	}},
	{"cuts To to microseconds", "Closings/not before From, and before To", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.To = q.To.Truncate(time.Microsecond) },
	}},
	{"orders closings as people do", "Closings/by time, then conversation byte by byte, then number", broken{
		concluded: resorted(func(x, y closure.Record) int {
			return cmp.Or(x.At.Compare(y.At), strings.Compare(strings.ToLower(x.Conversation), strings.ToLower(y.Conversation)), x.Compare(y))
		}),
	}},
	{"orders numbers of closings as text", "Closings/by time, then conversation byte by byte, then number", broken{
		concluded: resorted(func(x, y closure.Record) int {
			return cmp.Or(x.At.Compare(y.At), strings.Compare(x.Conversation, y.Conversation), strings.Compare(strconv.Itoa(x.Number), strconv.Itoa(y.Number)))
		}),
	}},
	{"orders closings by number, then conversation", "Closings/by time, then conversation byte by byte, then number", broken{
		concluded: resorted(func(x, y closure.Record) int {
			return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Number, y.Number), x.Compare(y))
		}),
	}},
	{"the newest closings are the earliest", "Closings/by time, then conversation byte by byte, then number", broken{
		seeking: func(_ *broken, q *storage.ClosingQuery) { q.Newest = false },
	}},
	{"the newest closings first, but names forwards", "Closings/by time, then conversation byte by byte, then number", broken{
		concluded: func(_ *broken, q storage.ClosingQuery, found []closure.Record) []closure.Record {
			if q.Newest {
				slices.SortFunc(found, func(x, y closure.Record) int { return cmp.Or(y.At.Compare(x.At), x.Compare(y)) })
			}
			return found
		},
	}},
	{"begins with the closing at the place", "Closings/after a place", broken{
		closings: paged(func(q storage.ClosingQuery, order int, r closure.Record) bool { return order < 0 }),
	}},
	{"begins after the closings of that instant", "Closings/after a place", broken{
		closings: paged(func(q storage.ClosingQuery, order int, r closure.Record) bool {
			return order <= 0 || r.At.Equal(q.After.At)
		}),
	}},
	{"begins after the closings of that conversation and instant", "Closings/after a place", broken{
		closings: paged(func(q storage.ClosingQuery, order int, r closure.Record) bool {
			return order <= 0 || r.At.Equal(q.After.At) && r.Conversation == q.After.Conversation
		}),
	}},
	{"compares instants, names and numbers apart", "Closings/after a place", broken{
		closings: paged(func(q storage.ClosingQuery, order int, r closure.Record) bool {
			return order <= 0 || (r.Conversation < q.After.Conversation) != q.Newest
		}),
	}},
	{"looks for the closing at the place", "Closings/after a place where nothing is", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			after := q.After
			q.After = closure.Place{}
			found, err := b.Store.Closings(ctx, q, 1000)
			at := slices.IndexFunc(found, func(r closure.Record) bool { return r.Place() == after })
			return page(found[at+1:], func(closure.Record) bool { return false }, limit), err
		},
	}},
	{"does not limit closings", "Closings/at most limit", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, _ int) ([]closure.Record, error) {
			return b.Store.Closings(ctx, q, 1000)
		},
	}},
	{"finds ten closings at most", "Closings/at most limit", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			return b.Store.Closings(ctx, q, min(limit, 10))
		},
	}},
	{"limits closings before it looks at articles", "Closings/pages are filled with what is selected", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			article := q.Article
			q.Article = ""
			found, err := b.Store.Closings(ctx, q, limit)
			return page(found, func(r closure.Record) bool { return article != "" && !slices.Contains(r.Articles, article) }, limit), err
		},
	}},
	{"limits closings before it drops those closed again", "Closings/pages are filled with what is selected", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			every := q
			every.Last = false
			wide, err := b.Store.Closings(ctx, every, limit)
			found, _ := b.Store.Closings(ctx, q, limit)
			return page(found, func(r closure.Record) bool {
				return !slices.ContainsFunc(wide, func(of closure.Record) bool { return of.Place() == r.Place() })
			}, limit), err
		},
	}},
	{"pages closings by offset", "Closings/pages skip nothing while others change", broken{
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			first := q.After == closure.Place{}
			q.After = closure.Place{}
			found, err := b.Store.Closings(ctx, q, 1000)
			return offset(b, found, first, limit), err
		},
	}},
	{"a closing that was decided anew goes to the end", "Closings/pages skip nothing while others change", broken{
		committing: func(b *broken, c *storage.Commit) { add(b, "put", c.Closings...) },
		closings: func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
			after := q.After
			q.After = closure.Place{}
			found, err := b.Store.Closings(ctx, q, 1000)
			put := noted[[]closure.Record](b, "put")
			last := func(p closure.Place) int {
				for i := len(put) - 1; i >= 0; i-- {
					if put[i].Place() == p {
						return i
					}
				}
				return -1
			}
			slices.SortFunc(found, func(x, y closure.Record) int { return cmp.Compare(last(x.Place()), last(y.Place())) })
			return page(found, func(r closure.Record) bool {
				return after != closure.Place{} && last(r.Place()) <= last(after)
			}, limit), err
		},
	}},
	{"an unresolved closing has a reason", "Closings/whatever is asked of whatever is there", broken{
		concluded: ended(func(_ *broken, r *closure.Record) {
			if r.Outcome == closure.Unresolved && r.Cause == closure.Spam && r.Side == closure.SideBot {
				r.Reason = closure.ReasonOther
			}
		}),
	}},
}

// A closingOf is the key of a note.
type closingOf struct {
	conversation string
	number       int
}

// overlay notes the closings of a commit, and overlaid finds them.
func overlay(b *broken, c storage.Commit) {
	for _, r := range c.Closings {
		b.note(closingOf{r.Conversation, r.Number}, r)
	}
}

func overlaid(b *broken, _ storage.ClosingQuery, found []closure.Record) []closure.Record {
	for i, r := range found {
		if over := noted[closure.Record](b, closingOf{r.Conversation, r.Number}); over.Number > 0 {
			found[i] = over
		}
	}
	return found
}

// rewrite changes every closing that is put.
func rewrite(change func(*closure.Record)) func(*broken, *storage.Commit) {
	return func(_ *broken, c *storage.Commit) {
		c.Closings = slices.Clone(c.Closings)
		for i := range c.Closings {
			change(&c.Closings[i])
		}
	}
}

// reput makes something else of a closing that is put again.
func reput(make func(old, r closure.Record) closure.Record) func(*broken, *storage.Commit) {
	return func(b *broken, c *storage.Commit) {
		c.Closings = slices.Clone(c.Closings)
		old, err := b.Store.Closings(context.Background(), storage.ClosingQuery{
			Workspace: c.Key.Workspace, Filter: closure.Filter{Conversation: c.Key.Conversation},
		}, 1000)
		if err != nil {
			panic(err)
		}
		for i, r := range c.Closings {
			for _, of := range old {
				if of.Number == r.Number {
					c.Closings[i] = make(of, r)
				}
			}
		}
	}
}

// ended changes every closing that is found.
func ended(change func(*broken, *closure.Record)) func(*broken, storage.ClosingQuery, []closure.Record) []closure.Record {
	return func(b *broken, _ storage.ClosingQuery, found []closure.Record) []closure.Record {
		for i := range found {
			change(b, &found[i])
		}
		return found
	}
}

// without leaves closings out.
func without(drop func(*broken, storage.ClosingQuery, closure.Record) bool) func(*broken, storage.ClosingQuery, []closure.Record) []closure.Record {
	return func(b *broken, q storage.ClosingQuery, found []closure.Record) []closure.Record {
		return slices.DeleteFunc(found, func(r closure.Record) bool { return drop(b, q, r) })
	}
}

// resorted orders closings in another way.
func resorted(compare func(x, y closure.Record) int) func(*broken, storage.ClosingQuery, []closure.Record) []closure.Record {
	return func(_ *broken, q storage.ClosingQuery, found []closure.Record) []closure.Record {
		slices.SortFunc(found, compare)
		if q.Newest {
			slices.Reverse(found)
		}
		return found
	}
}

// chosen selects for itself from what a wider query finds.
func chosen(selects func(*broken, storage.ClosingQuery, closure.Record) bool, widen func(*storage.ClosingQuery)) closingsFunc {
	return func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
		wide := q
		widen(&wide)
		found, err := b.Store.Closings(ctx, wide, 1000)
		return page(found, func(r closure.Record) bool { return !selects(b, q, r) }, limit), err
	}
}

// lastBy has another idea of when a conversation was closed again.
func lastBy(again func(q storage.ClosingQuery, r, of closure.Record) bool) closingsFunc {
	return chosen(func(b *broken, q storage.ClosingQuery, r closure.Record) bool {
		of, _ := b.Store.Closings(context.Background(), storage.ClosingQuery{
			Workspace: q.Workspace, Filter: closure.Filter{Conversation: r.Conversation},
		}, 1000)
		return !q.Last || !slices.ContainsFunc(of, func(other closure.Record) bool { return again(q, r, other) })
	}, func(q *storage.ClosingQuery) { q.Last = false })
}

// paged passes closings by another rule; order is that of the closing and the
// place.
func paged(passed func(q storage.ClosingQuery, order int, r closure.Record) bool) closingsFunc {
	return func(b *broken, ctx context.Context, q storage.ClosingQuery, limit int) ([]closure.Record, error) {
		every := q
		every.After = closure.Place{}
		found, err := b.Store.Closings(ctx, every, 1000)
		return page(found, func(r closure.Record) bool {
			order := closure.ComparePlaces(r.Place(), q.After)
			if q.Newest {
				order = -order
			}
			return q.After != closure.Place{} && passed(q, order, r)
		}, limit), err
	}
}
