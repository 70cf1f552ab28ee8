package hostile_test

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/adjourn/adjourn/conversation"
)

// canary is in the strings that errors must not repeat.
const canary = "zq7x"

// A named value says in failures which one it is: most cannot be printed.
type named[T any] struct {
	name string
	v    T
}

// around puts the canary around each.
func around(list []named[string]) []named[string] {
	var all []named[string]
	for _, n := range list {
		all = append(all, named[string]{n.name, canary + n.v + canary})
	}
	return all
}

func join[T any](lists ...[]named[T]) []named[T] {
	var all []named[T]
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

// tenMegabytes is one string for all who need it.
var tenMegabytes = canary + strings.Repeat("x", 10<<20)

// notUTF8 are byte sequences that no decoder may take for text.
var notUTF8 = []named[string]{
	{"overlong NUL of two bytes", "\xc0\x80"},
	{"overlong slash of two bytes", "\xc0\xaf"},
	{"overlong dot of two bytes", "\xc1\xae"},
	{"overlong slash of three bytes", "\xe0\x80\xaf"},
	{"overlong slash of four bytes", "\xf0\x80\x80\xaf"},
	{"high surrogate", "\xed\xa0\x80"},
	{"low surrogate", "\xed\xbf\xbf"},
	{"surrogate pair", "\xed\xa0\xbd\xed\xb8\x80"},
	{"above U+10FFFF", "\xf4\x90\x80\x80"},
	{"five bytes", "\xf8\x88\x80\x80\x80"},
	{"six bytes", "\xfc\x84\x80\x80\x80\x80"},
	{"0xfe", "\xfe"},
	{"0xff", "\xff"},
	{"UTF-16 byte order mark", "\xff\xfe"},
	{"two bytes, cut", "\xc3"},
	{"three bytes, cut", "\xe2\x82"},
	{"four bytes, cut", "\xf0\x9f\x98"},
	{"a continuation alone", "\x80"},
	{"two continuations", "\xbf\xbf"},
	{"Latin-1", "caf\xe9"},
	{"Shift JIS", "\x83\x65"},
}

// controls are those of C0 but newline and tab, DEL, and those of C1.
func controls() []named[string] {
	var all []named[string]
	for r := rune(0); r < 0xa0; r++ {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f) {
			all = append(all, named[string]{fmt.Sprintf("control U+%04X", r), string(r)})
		}
	}
	return all
}

// bidi are the controls of direction.
func bidi() []named[string] {
	var all []named[string]
	for _, r := range "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069" {
		all = append(all, named[string]{fmt.Sprintf("bidi U+%04X", r), string(r)})
	}
	return all
}

// strange are runes that show nothing, or look like others.
func strange() []named[string] {
	var all []named[string]
	for _, r := range "\u00a0\u00ad\u034f\u115f\u1680\u180e\u2000\u200a\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u2061\u2064\u206a\u3000\u3164\ufe0f\ufeff\uffa0\ufff9\ufffc\ufffd\ufffe\uffff" +
		"\U0001d173\U000e0001\U000e0041\U000f0000\U0010ffff\u0430\uff41\u0131\u017f\u212a\u1e9e\u0301\u0e33\U0001f680\u2215\uff0f\u2024\uff0e" {
		all = append(all, named[string]{fmt.Sprintf("rune U+%04X", r), string(r)})
	}
	return all
}

// injections mean something to somebody behind the library.
var injections = []named[string]{
	{"SQL comment", "'; DROP TABLE events; --"},
	{"SQL always true", "' OR '1'='1"},
	{"SQL dollar quote", "$$; DELETE FROM texts; $$"},
	{"SQL placeholder", "$1 ? :name @p1"},
	{"SQL like", "%_%"},
	{"SQL cast", "1::text"},
	{"Postgres escape", `E'\x00' \000 U&'\0000'`},
	{"script", "<script>alert(1)</script>"},
	{"image", `"><img src=x onerror=alert(1)>`},
	{"entity", "&lt;b&gt; &#0; &#x202e;"},
	{"comment of a page", "<!-- -->"},
	{"Go template", `{{.}} {{printf "%s" .}} {{template "x"}}`},
	{"placeholder of a note", "{text} {name} {agent}"},
	{"JNDI", "${jndi:ldap://x.example/a}"},
	{"shell", "$(id) `id` ; id | id && id"},
	{"format", "%s %n %!d %[1]*d"},
	{"header", "x\nBcc: all@example.com"},
	{"JSON", `","v":9,"x":"`},
	{"JSON escapes", `\u0000 \ud800 \udc00 \ud83d\ude00`},
	{"JSON null", "null"},
	{"a path up", "../../etc/passwd"},
	{"a path up on Windows", `..\..\windows`},
	{"a path up, escaped", "%2e%2e%2f"},
	{"a path up, twice", "%252e%252e%252f"},
	{"an absolute path", "/etc/passwd"},
	{"a share", `\\host\share`},
	{"a link", "file:///etc/passwd"},
	{"a query", "a?b=c#d"},
	{"XML", `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>`},
	{"LDAP", "*)(uid=*))(|(uid=*"},
	{"CSV", `=HYPERLINK("https://x.example")`},
	{"a terminal's escape, spelled out", `\x1b[2J`},
}

// badIDs are no IDs, for other reasons than that they are empty.
var badIDs = sync.OnceValue(func() []named[string] {
	var bytes []named[string]
	for b := range 256 {
		if !idByte(byte(b)) {
			bytes = append(bytes, named[string]{fmt.Sprintf("byte 0x%02x", b), string([]byte{byte(b)})})
		}
	}
	var c1 []named[string]
	for _, n := range controls() {
		if len(n.v) > 1 { // the others are among the bytes
			c1 = append(c1, n)
		}
	}
	return keep(join(around(bytes), around(notUTF8), around(c1), around(bidi()), around(strange()), around(injections), []named[string]{
		{"129 bytes", canary + strings.Repeat("x", conversation.MaxID+1-len(canary))},
		{"1000 bytes", strings.Repeat(canary, 250)},
		{"10 MB", tenMegabytes},
		{"a space", " "}, {"NUL", "\x00"}, {"a slash", "/"}, {"a line", "\n"}, {"two dots and a slash", "../"}, {"an umlaut", "ü"},
		{"a leading space", " " + canary}, {"a trailing space", canary + " "}, {"a trailing NUL", canary + "\x00"}, {"a trailing line", canary + "\n"},
	}), notID)
})

func notID(s string) bool {
	for i := range len(s) {
		if !idByte(s[i]) {
			return true
		}
	}
	return len(s) > conversation.MaxID
}

// idByte states the alphabet of IDs a second time.
func idByte(b byte) bool {
	return strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-", b) >= 0
}

var empty = []named[string]{{"empty", ""}}

// badTexts are no texts of at most limit bytes.
func badTexts(limit int) []named[string] {
	var edges []named[string]
	for _, n := range append(notUTF8, named[string]{"NUL", "\x00"}, named[string]{"escape", "\x1b"}) {
		edges = append(edges, named[string]{n.name + " alone", n.v}, named[string]{n.name + " at the end", canary + n.v})
	}
	return join(around(controls()), around(notUTF8), edges, []named[string]{
		{"a byte too long", strings.Repeat(canary, limit/len(canary)) + strings.Repeat("x", limit%len(canary)+1)},
		{"a byte too long, of two-byte runes", canary + strings.Repeat("é", (limit-len(canary))/2) + "é"[:2*(1-limit%2)] + "x"[:limit%2]},
		{"10 MB", tenMegabytes},
		{"a carriage return", canary + "\r\n"},
		{"a terminal's escape", "\x1b[2J" + canary},
	})
}

// legalTexts are texts, whatever they look like.
func legalTexts(limit int) []named[string] {
	all := join(around(bidi()), around(strange()), around(injections), injections, []named[string]{
		{"a space", " "}, {"a line", "\n"}, {"tabs and lines", "\t\n\n\t"}, {"a byte order mark", "\ufeffx"},
		{"not normalised", "cafe\u0301 caf\u00e9 \u212b \ufb01"}, {"a family", "👩‍👩‍👧‍👦 🏳️‍🌈"}, {"all planes", "a\u00e9\u20ac\U0001f680\U0010ffff"},
		{"many marks", "x" + strings.Repeat("\u0301", 200)}, {"right to left", "שלום مرحبا \u202eabc"}, {"a number", "0012.50"},
		{"as long as can be", strings.Repeat("x", limit)}, {"as long as can be, of four-byte runes", strings.Repeat("\U0001f680", limit/4)},
		{"many quotes", strings.Repeat(`"`, limit)}, {"many questions", strings.Repeat("? ", limit/2)}, {"many words of a phrase", strings.Repeat("no ", limit/3)},
	})
	return keep(all, func(s string) bool { return len(s) <= limit && utf8.ValidString(s) })
}

func keep(list []named[string], legal func(string) bool) []named[string] {
	var kept []named[string]
	for _, n := range list {
		if legal(n.v) {
			kept = append(kept, n)
		}
	}
	return kept
}

// badLines are no tags and no tickets.
func badLines(limit int) []named[string] {
	lines := around(append(bidi(), named[string]{"a line", "\n"}, named[string]{"a tab", "\t"}))
	return join(badTexts(limit), lines, []named[string]{
		{"empty", ""}, {"a space", " "}, {"a leading space", " " + canary}, {"a trailing space", canary + " "},
		{"a wide space at the end", canary + "\u3000"}, {"only zero width", "\u200b"}, {"only joiners", "\u200d\u2060"}, {"only a byte order mark", "\ufeff"},
	})
}

// badTickets are no numbers and no links that a browser only opens.
var badTickets = []named[string]{
	{"javascript", "javascript:alert('" + canary + "')"}, {"javascript in capitals", "JavaScript:" + canary}, {"data", "data:text/html," + canary},
	{"vbscript", "vbscript:" + canary}, {"file", "file:///" + canary}, {"blob", "blob:" + canary}, {"a path", "/" + canary},
	{"a share", `\\` + canary}, {"a host", "//" + canary}, {"another scheme", "ftp://" + canary}, {"a link without a host", "https://"},
	{"a link with a user", "https://@" + canary}, {"an unknown scheme", canary + ":x"},
}

// badEnums are no values of any list of words.
var badEnums = []named[string]{
	{"unknown", canary}, {"in capitals", strings.ToUpper(canary)}, {"with NUL", canary + "\x00"}, {"not UTF-8", canary + "\xff"},
	{"a space", " "}, {"null", "null"}, {"a number", "1"}, {"10 MB", tenMegabytes}, {"bidi", "\u202e" + canary}, {"two words", canary + ",x"},
	{"200 bytes", strings.Repeat(canary, 50)}, {"200 controls", canary + strings.Repeat("\x01", 200)},
}

// nearly are words that look like one that is known.
func nearly(word string) []named[string] {
	return []named[string]{
		{"a capital", strings.ToUpper(word[:1]) + word[1:]}, {"in capitals of " + word, strings.ToUpper(word)}, {"a space behind", word + " "},
		{"a space before", " " + word}, {"NUL behind", word + "\x00"}, {"a line behind", word + "\n"}, {"zero width behind", word + "\u200b"}, {"cut", word[:len(word)-1]},
	}
}

// farTimes are beyond what stores reach.
var farTimes = []named[time.Time]{
	{"year 0", time.Date(0, time.December, 31, 0, 0, 0, 0, time.UTC)},
	{"year -1", time.Date(-1, time.January, 1, 0, 0, 0, 0, time.UTC)},
	{"year 10000", time.Date(10000, time.January, 1, 0, 0, 0, 0, time.UTC)},
	{"year 10000 in UTC alone", time.Date(9999, time.December, 31, 23, 0, 0, 0, time.FixedZone("", -7200))},
	{"year 300000", time.Date(300000, time.January, 1, 0, 0, 0, 0, time.UTC)},
	{"year -300000", time.Date(-300000, time.January, 1, 0, 0, 0, 0, time.UTC)},
	{"the last second", time.Unix(math.MaxInt64, 999_999_999)},
	{"the first second", time.Unix(math.MinInt64, 0)},
	{"the last microsecond", time.UnixMicro(math.MaxInt64)},
	{"the first microsecond", time.UnixMicro(math.MinInt64)},
	{"the last millisecond", time.UnixMilli(math.MaxInt64)},
	{"one beyond the last microsecond", time.UnixMicro(math.MaxInt64).Add(time.Microsecond)},
	{"one before the first microsecond", time.UnixMicro(math.MinInt64).Add(-time.Microsecond)},
}

var negativeDurations = []named[time.Duration]{
	{"-1 ns", -1}, {"-1 h", -time.Hour}, {"the least", math.MinInt64}, {"the least but one", math.MinInt64 + 1},
}

var longDurations = []named[time.Duration]{
	{"400 days and 1 ns", 400*24*time.Hour + 1}, {"1000 years cut to 292", math.MaxInt64 - 1}, {"the longest", math.MaxInt64}, {"a year and a half", 547 * 24 * time.Hour},
}

// badZones are no names of time zones, or not for anybody to choose.
var badZones = []named[string]{
	{"Local", "Local"}, {"local", "local"}, {"posixrules", "posixrules"}, {"a tree of its own", "posix/Europe/Berlin"}, {"with leap seconds", "right/UTC"},
	{"lower case", "europe/berlin"}, {"up", "../" + canary}, {"up from Europe", "Europe/../" + canary}, {"absolute", "/etc/" + canary}, {"a slash behind", "Europe/"},
	{"a folder", "Europe"}, {"a folder of a folder", "America/Argentina"}, {"two slashes", "Europe//Berlin"}, {"a dot", "Europe/./Berlin"}, {"NUL", "UTC\x00" + canary},
	{"a space", "UTC "}, {"a line", "UTC\n" + canary}, {"not UTF-8", "UTC\xff"}, {"an offset", "+01:00"}, {"POSIX", "CET-1CEST"}, {"POSIX rules", "CET-1CEST,M3.5.0,M10.5.0/3"},
	{"unknown", "Mars/" + canary}, {"unknown and long", "Z" + strings.Repeat(canary, 250)}, {"10 MB", "Z" + tenMegabytes}, {"a file beside", "Zone.tab"}, {"tzdata", "tzdata.zi"},
	{"the version", "+VERSION"}, {"a backslash", `Europe\Berlin`}, {"a colon", ":UTC"}, {"bidi", "\u202eUTC"}, {"wide", "ＵＴＣ"}, {"JSON", `UTC","` + canary},
}

// badLocals are no calendar times.
var badLocals = []named[string]{
	{"words", canary}, {"a day", "2026-03-03"}, {"a zone", "2026-03-03T09:00Z"}, {"an offset", "2026-03-03T09:00+01:00"}, {"a space", "2026-03-03 09:00"},
	{"lower case", "2026-03-03t09:00"}, {"month 13", "2026-13-03T09:00"}, {"month 0", "2026-00-03T09:00"}, {"30 February", "2026-02-30T09:00"}, {"29 February", "2026-02-29T09:00"},
	{"24:00", "2026-03-03T24:00"}, {"25:00", "2026-03-03T25:00"}, {"minute 60", "2026-03-03T09:60"}, {"second 60", "2026-03-03T09:00:60"}, {"fractions", "2026-03-03T09:00:00.5"},
	{"one digit", "2026-3-3T9:00"}, {"year 10000", "10000-01-01T00:00"}, {"negative", "-2026-03-03T09:00"}, {"plus", "+2026-03-03T09:00"}, {"wide digits", "２０２６-03-03T09:00"},
	{"NUL", "2026-03-03T09:00\x00" + canary}, {"a space behind", "2026-03-03T09:00 "}, {"not UTF-8", canary + "\xff"}, {"10 MB", tenMegabytes}, {"script", "<script>" + canary},
	{"a comma", "2026-03-03T09:00:00,5"}, {"two times", "2026-03-03T09:00T09:00"}, {"JSON", `2026-03-03T09:00","` + canary},
}

var (
	negative     = []named[int]{{"-1", -1}, {"the least", math.MinInt}, {"the least of 32 bits", math.MinInt32}}
	zero         = []named[int]{{"zero", 0}}
	huge         = []named[int]{{"the greatest", math.MaxInt}, {"the greatest but one", math.MaxInt - 1}, {"more than 32 bits", math.MaxInt32 + 1}, {"the greatest of 32 bits", math.MaxInt32}}
	badVersions  = []named[conversation.Version]{{"-1", -1}, {"the least", math.MinInt64}, {"the future", 1_000_000}, {"the greatest", math.MaxInt64}}
	badRevisions = []named[int64]{{"-1", -1}, {"the least", math.MinInt64}, {"one behind", 0}, {"the next", 2}, {"the greatest", math.MaxInt64}}
)
