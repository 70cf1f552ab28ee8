package conversation_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/adjourn/adjourn/closure"
	"github.com/adjourn/adjourn/conversation"
)

// A codecUnderTest is the codec, or one with a planted fault.
type codecUnderTest struct {
	encode       func(conversation.Conversation) ([]byte, error)
	decode       func([]byte) (conversation.Conversation, error)
	encodeRecord func(conversation.Record) ([]byte, error)
	decodeRecord func([]byte) (conversation.Record, error)
}

var realCodec = codecUnderTest{conversation.Encode, conversation.Decode, conversation.EncodeRecord, conversation.DecodeRecord}

// apart says how two results differ; empty if they do not.
func apart(what string, got any, err error, want any, wantErr error) string {
	if fmt.Sprint(err) != strings.ReplaceAll(fmt.Sprint(wantErr), "conversation_test.", "conversation.") { // types of the plain way
		return fmt.Sprintf("%s: error %v, want %v", what, err, wantErr)
	}
	if reflect.DeepEqual(got, want) {
		return ""
	}
	g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want)
	from := 0
	for from < min(len(g), len(w)) && g[from] == w[from] {
		from++
	}
	from = max(0, from-100)
	return fmt.Sprintf("%s, from byte %d on: %.300s\nwant %.300s", what, from, g[from:], w[from:])
}

// apartFrom returns how the codec differs from the plain way in writing c, and
// what was written.
func (codec codecUnderTest) apartFrom(c conversation.Conversation) (diff string, body []byte) {
	body, err := codec.encode(c)
	want, wantErr := plainEncode(c)
	return apart("Encode", string(body), err, string(want), wantErr), body
}

func (codec codecUnderTest) apartFromRecord(r conversation.Record) (diff string, body []byte) {
	body, err := codec.encodeRecord(r)
	want, wantErr := plainEncodeRecord(r)
	return apart("EncodeRecord", string(body), err, string(want), wantErr), body
}

// apartIn returns how the codec differs from the plain way in reading a body.
func (codec codecUnderTest) apartIn(body []byte) string {
	c, err := codec.decode(body)
	want, wantErr := plainDecode(body)
	if wantErr == nil {
		_, wantErr = conversation.Decode(append([]byte{' '}, body...)) // white space is read the plain way
	}
	return apart("Decode", c, err, want, wantErr)
}

func (codec codecUnderTest) apartInRecord(body []byte) string {
	r, err := codec.decodeRecord(body)
	want, wantErr := plainDecodeRecord(body)
	return apart("DecodeRecord", r, err, want, wantErr)
}

// anything fills v at random, so that every field that there will be is tried too.
func anything(rng *rand.Rand, v reflect.Value) {
	pick := func(of ...any) { v.Set(reflect.ValueOf(of[rng.IntN(len(of))]).Convert(v.Type())) }
	if _, ok := v.Interface().(time.Time); ok {
		v.Set(reflect.ValueOf(anyTime(rng)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		pick("", "", "a", "ann", "bot", "resolved", "snoozed", "check_in", "c-1.x:y@z", "Zoë", "日本", "a b", "a<b>&c", "\u2028", "\xff", `say "\"`, "\x00\n\x1f\x7f",
			"😀", "\xed\xa0\x80", strings.Repeat("long ", rng.IntN(10)*rng.IntN(10)*rng.IntN(10)))
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		pick(0, 0, 1, -1, 9, 10, 60_000_000_000, math.MaxInt, math.MinInt, 999_999_999_999_999_999, 1_000_000_000_000_000_000, rng.IntN(1000), rng.Int())
	case reflect.Struct:
		for i := range v.NumField() {
			if rng.IntN(4) > 0 {
				anything(rng, v.Field(i))
			}
		}
	case reflect.Pointer:
		if rng.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			anything(rng, v.Elem())
		}
	case reflect.Slice:
		n := rng.IntN(5) - 1
		if n < 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			anything(rng, v.Index(i))
		}
	default:
		panic(fmt.Sprintf("no values for %v", v.Type()))
	}
}

func anyTime(rng *rand.Rand) time.Time {
	t := start.Add(time.Duration(rng.Int64N(int64(10_000 * time.Hour)))).Truncate([]time.Duration{1, time.Microsecond, time.Second}[rng.IntN(3)])
	switch rng.IntN(24) {
	case 0, 1:
		return time.Time{}
	case 2:
		return t.In(time.FixedZone("", 2*60*60))
	case 3:
		return t.In(time.FixedZone("", -30*60))
	case 4:
		return t.Local()
	case 5:
		return time.Unix(-rng.Int64N(1e10), 0).UTC()
	case 6:
		if rng.IntN(10) == 0 { // what cannot be written
			return []time.Time{t.In(time.FixedZone("", 61)), t.AddDate(8000, 0, 0), t.AddDate(-2027, 0, 0)}[rng.IntN(3)]
		}
	}
	return t
}

func anyConversation(rng *rand.Rand) (c conversation.Conversation) {
	switch rng.IntN(3) {
	case 0:
		c = sampleConversation()
	case 1:
		c = conversation.Conversation{Workspace: "acme", ID: "c1", Version: 7, State: conversation.StateBot, Visitor: "vera"}
	}
	if rng.IntN(4) > 0 {
		anything(rng, reflect.ValueOf(&c).Elem())
	}
	return c
}

func anyRecord(rng *rand.Rand) conversation.Record {
	events := sampleEvents()
	event := reflect.New(reflect.TypeOf(events[rng.IntN(len(events))])).Elem()
	anything(rng, event)
	r := conversation.Record{Event: event.Interface().(conversation.Event), Erased: rng.IntN(4) == 0}
	for _, field := range []any{&r.Seq, &r.At, &r.Clock, &r.By} {
		anything(rng, reflect.ValueOf(field).Elem())
	}
	if rng.IntN(20) == 0 {
		r.Event = conversation.Unknown{Name: "applauded", Data: json.RawMessage(`{"a": [1.50, "<"]}`)}
	}
	return r
}

// A member of a body, from its name to the end of its value.
type bodyMember struct{ name, value, end int }

// bodyMembers finds the members of a body, at every depth.
func bodyMembers(body string) []bodyMember {
	var found, open []bodyMember
	quote := 0
	close := func(at int) {
		if n := len(open); n > 0 && open[n-1].value > 0 {
			m := open[n-1]
			m.end = at
			found = append(found, m)
			open[n-1] = bodyMember{}
		}
	}
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			quote = i
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		case ':':
			if n := len(open); n > 0 {
				open[n-1] = bodyMember{name: quote, value: i + 1}
			}
		case '{', '[':
			open = append(open, bodyMember{})
		case ',':
			close(i)
		case '}', ']':
			close(i)
			open = open[:max(0, len(open)-1)]
		}
	}
	return found
}

// mangled changes a body a little.
func mangled(rng *rand.Rand, body []byte) []byte {
	s := string(body)
	all := bodyMembers(s)
	if len(all) == 0 {
		return body
	}
	m := all[rng.IntN(len(all))]
	before, name, value, after := s[:m.name], s[m.name:m.value], s[m.value:m.end], s[m.end:]
	switch rng.IntN(14) {
	case 0: // dropped
		if strings.HasPrefix(after, ",") {
			after = after[1:]
		} else {
			before = strings.TrimSuffix(before, ",")
		}
		name, value = "", ""
	case 1: // twice
		value += "," + name + []string{value, "null", "1", `"x"`, "{}"}[rng.IntN(5)]
	case 2: // in the place of the next
		if i := slices.IndexFunc(all, func(n bodyMember) bool { return n.name == m.end+1 }); i >= 0 {
			n := all[i]
			name, value, after = s[n.name:n.value], s[n.value:n.end]+","+name+value, s[n.end:]
		}
	case 3:
		name = strings.ToUpper(name)
	case 4:
		name = []string{`"more":`, `"":`, `"\u0076":`, `v:`, `"v"`}[rng.IntN(5)]
	case 5:
		name = `"more":[{"v":2},null],` + name
	case 6, 7, 8:
		value = []string{
			"null", "true", "false", "tru", `""`, `"x"`, `"\u0062ot"`, `"\ud800"`, "\"\xff\"", "\"\n\"", `"a\"`, `"2026-03-02T09:00:00z"`, `"2026-03-02T9:00:00Z"`,
			`"2026-03-02T09:00:00,5Z"`, `"2026-03-02T09:00:00.1234567891Z"`, `"2026-02-30T09:00:00Z"`, `"2026-03-02T09:00:00+24:00"`, `"2026-03-02T09:00:00\u005a"`,
			"0", "-0", "-", "+1", "01", "-01", "1.0", "1e2", "1E400", "99999999999999999999", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "2",
			"[]", "[1]", "[null]", `["a","b"]`, `["a",]`, `["a" "b"]`, "[[]]", "{}", `{"at":null}`, `{"":1}`, "{,}", "",
		}[rng.IntN(42)]
		if s[m.value] == '[' && rng.IntN(2) == 0 {
			value = "[]"
		}
	case 9:
		at := rng.IntN(len(s) + 1)
		return []byte(s[:at] + []string{" ", "\n", "\t", ",", "}", "]", "x", "\x00", `"`, `\`}[rng.IntN(10)] + s[at:])
	case 10:
		return body[:rng.IntN(len(body))]
	case 11:
		at := rng.IntN(len(body))
		return []byte(s[:at] + s[at+1:])
	case 12:
		body = slices.Clone(body)
		body[rng.IntN(len(body))] = byte(rng.IntN(256))
		return body
	case 13:
		return []byte(s + []string{" ", "\n", "x", "}", ",", s}[rng.IntN(6)])
	}
	return []byte(before + name + value + after)
}

// firstApart compares a codec with the plain way on things at random, and what
// was written of them, as it is and mangled.
func (codec codecUnderTest) firstApart(rng *rand.Rand, things int) string {
	for range things {
		diff, body := codec.apartFrom(anyConversation(rng))
		if diff == "" && body != nil {
			diff = codec.apartIn(body)
		}
		for range 4 {
			if diff == "" && body != nil {
				body = mangled(rng, body)
				diff = codec.apartIn(body)
			}
		}
		if diff != "" {
			return fmt.Sprintf("%s\nof %q", diff, body)
		}
		diff, body = codec.apartFromRecord(anyRecord(rng))
		if diff == "" && body != nil {
			diff = codec.apartInRecord(body)
		}
		for range 4 {
			if diff == "" && body != nil {
				body = mangled(rng, body)
				diff = codec.apartInRecord(body)
			}
		}
		if diff != "" {
			return fmt.Sprintf("%s\nof %q", diff, body)
		}
	}
	return ""
}

// Whatever there is and is stored, the codec cannot be told from encoding/json.
func TestTheCodecIsThePlainWay(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	things := 10_000
	if testing.Short() {
		things = 1000
	}
	if diff := realCodec.firstApart(rand.New(rand.NewPCG(seed, 0)), things); diff != "" {
		t.Fatalf("seed %d: %s", seed, diff)
	}
}

func TestRecordsAsJSONAreThePlainWay(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 2000 {
		r := anyRecord(rng)
		got, err := r.MarshalJSON()
		want, wantErr := plainMarshal(r)
		if diff := apart("MarshalJSON", string(got), err, string(want), wantErr); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

// A comparison that never finds a difference shows nothing: these are plausible
// faults.
func TestTheCodecComparisonCatches(t *testing.T) {
	t.Parallel()
	encode := func(change func(*conversation.Conversation)) codecUnderTest {
		codec := realCodec
		codec.encode = func(c conversation.Conversation) ([]byte, error) { change(&c); return conversation.Encode(c) }
		return codec
	}
	decode := func(change func(*conversation.Conversation)) codecUnderTest {
		codec := realCodec
		codec.decode = func(body []byte) (conversation.Conversation, error) {
			c, err := conversation.Decode(body)
			change(&c)
			return c, err
		}
		return codec
	}
	encodeAs := func(old, new string) codecUnderTest {
		codec := realCodec
		codec.encode = func(c conversation.Conversation) ([]byte, error) {
			body, err := conversation.Encode(c)
			if err != nil {
				return nil, err
			}
			return []byte(strings.ReplaceAll(string(body), old, new)), nil
		}
		return codec
	}
	decodeAs := func(change func(string) string) codecUnderTest {
		codec := realCodec
		codec.decode = func(body []byte) (conversation.Conversation, error) {
			return conversation.Decode([]byte(change(string(body))))
		}
		return codec
	}
	record := func(change func(*conversation.Record)) codecUnderTest {
		codec := realCodec
		codec.decodeRecord = func(body []byte) (conversation.Record, error) {
			r, err := conversation.DecodeRecord(body)
			change(&r)
			return r, err
		}
		return codec
	}
	zero := time.Time{}
	planted := map[string]codecUnderTest{
		"a field is not written":           encode(func(c *conversation.Conversation) { c.FollowUps = 0 }),
		"a field of a part is not written": encode(func(c *conversation.Conversation) { c.Cycle.AskedSince = zero }),
		"times are written in UTC":         encode(func(c *conversation.Conversation) { c.Since = c.Since.UTC() }),
		"times are cut down":               encode(func(c *conversation.Conversation) { c.UpdatedAt = c.UpdatedAt.Truncate(time.Microsecond) }),
		"omitzero is forgotten":            encodeAs(`,"silence"`, `,"away_since":"0001-01-01T00:00:00Z","silence"`),
		"an empty list is written":         encodeAs(`}}`, `,"articles":[]}}`),
		"nothing is escaped":               encodeAs(`\u003c`, `<`),
		"a line separator is not escaped":  encodeAs(`\u2028`, "\u2028"),
		"a field is not read":              decode(func(c *conversation.Conversation) { c.EmailRequested = false }),
		"a field of a part is not read":    decode(func(c *conversation.Conversation) { c.Courtesy.Open = false }),
		"an empty list is nil":             decode(func(c *conversation.Conversation) { c.Articles = append([]string(nil), c.Articles...) }),
		"zones are lost":                   decode(func(c *conversation.Conversation) { c.OpenedAt = c.OpenedAt.UTC() }),
		"case matters":                     decodeAs(func(body string) string { return strings.Replace(body, `"STATE"`, `"more"`, 1) }),
		"numbers may have a zero":          decodeAs(func(body string) string { return strings.Replace(body, ":01,", ":1,", 1) }),
		"numbers may have a fraction":      decodeAs(func(body string) string { return strings.Replace(body, ":1.0", ":1", 1) }),
		"what comes after it is not seen":  decodeAs(func(body string) string { return strings.TrimRight(body, "x") }),
		"null is an error":                 decodeAs(func(body string) string { return strings.Replace(body, ":null", ":[[]]", 1) }),
		"the clock of a record is lost":    record(func(r *conversation.Record) { r.Clock = zero }),
		"the marks of a message are lost": record(func(r *conversation.Record) {
			if said, ok := r.Event.(conversation.Said); ok {
				r.Event = conversation.Said{Automatic: said.Automatic}
			}
		}),
		"a new form is another": record(func(r *conversation.Record) {
			if e, ok := r.Event.(conversation.Reclassified); ok && e.Form != nil {
				e.Form = &closure.Form{Tags: e.Form.Tags}
				r.Event = e
			}
		}),
	}
	for name, codec := range planted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if codec.firstApart(rand.New(rand.NewPCG(1, 2)), 5000) == "" {
				t.Error("nobody noticed")
			}
		})
	}
}

// TestDecodeWhole: what a newer version stored, and this one does not know, is not
// overlooked.
func TestDecodeWhole(t *testing.T) {
	t.Parallel()
	c := eventful(t).c
	body, err := conversation.Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	got, whole, err := conversation.DecodeWhole(body)
	if diff := cmp.Diff(c, got); err != nil || !whole || diff != "" {
		t.Errorf("whole = %t, %v, (-want +got):\n%s", whole, err, diff)
	}
	// A member more, in every object that there is.
	for at, b := range body {
		if b != '{' {
			continue
		}
		more := slices.Concat(body[:at+1], []byte(`"newer":1,`), body[at+1:])
		if got, whole, err := conversation.DecodeWhole(more); err != nil || whole || !cmp.Equal(c, got) {
			t.Errorf("whole = %t, %v, of %s", whole, err, more)
		}
	}
}
