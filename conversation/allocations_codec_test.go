//go:build !race

package conversation_test

import (
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

// Reading makes what is read and no more: the strings that are no codes, the lists
// and what pointers point to. Whoever goes the plain way needs far more.
func TestAllocationsOfCodec(t *testing.T) {
	l, small := eventful(t), held(t, withBot)
	record := l.journal[len(l.journal)-1]
	must := func(body []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	body, smallBody, recordBody := must(conversation.Encode(l.c)), must(conversation.Encode(small.c)), must(conversation.EncodeRecord(record))
	var err error
	for _, test := range []struct {
		name string
		most float64
		do   func()
	}{
		{"encode a conversation", 1, func() { _, err = conversation.Encode(l.c) }},
		{"encode a small conversation", 1, func() { _, err = conversation.Encode(small.c) }},
		{"encode a record", 2, func() { _, err = conversation.EncodeRecord(record) }},
		{"decode a conversation", 23, func() { _, err = conversation.Decode(body) }},
		{"decode a small conversation", 4, func() { _, err = conversation.Decode(smallBody) }},
		{"decode a record", 3, func() { _, err = conversation.DecodeRecord(recordBody) }},
	} {
		if got := testing.AllocsPerRun(100, test.do); got > test.most || err != nil {
			t.Errorf("%s: %v allocations, %v, want at most %v", test.name, got, err, test.most)
		}
	}
}
