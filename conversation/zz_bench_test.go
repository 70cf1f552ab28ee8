package conversation_test

import (
	"testing"

	"github.com/adjourn/adjourn/conversation"
)

func BenchmarkZZ(b *testing.B) {
	l := eventful(b)
	r := l.journal[len(l.journal)-1]
	cb, _ := conversation.Encode(l.c)
	rb, _ := conversation.EncodeRecord(r)
	s := held(b, withBot)
	sb, _ := conversation.Encode(s.c)
	for _, x := range []struct {
		n string
		f func()
	}{
		{"enc/plain", func() { plainEncode(l.c) }},
		{"enc/fast", func() { conversation.Encode(l.c) }},
		{"encsmall/plain", func() { plainEncode(s.c) }},
		{"encsmall/fast", func() { conversation.Encode(s.c) }},
		{"dec/plain", func() { plainDecode(cb) }},
		{"dec/fast", func() { conversation.Decode(cb) }},
		{"decsmall/plain", func() { plainDecode(sb) }},
		{"decsmall/fast", func() { conversation.Decode(sb) }},
		{"encrec/plain", func() { plainEncodeRecord(r) }},
		{"encrec/fast", func() { conversation.EncodeRecord(r) }},
		{"decrec/plain", func() { plainDecodeRecord(rb) }},
		{"decrec/fast", func() { conversation.DecodeRecord(rb) }},
	} {
		b.Run(x.n, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.f()
			}
		})
	}
}
