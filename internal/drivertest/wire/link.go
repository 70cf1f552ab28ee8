package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Codes that stand where a startup message has the version of the protocol.
const (
	cancelRequest = 80877102
	sslRequest    = 80877103
	gssRequest    = 80877104
)

// longest is how long a message may be.
const longest = 64 << 20

// A link is one connection of a client with that to the server.
type link struct {
	proxy  *Proxy
	client *net.TCPConn

	mu     sync.Mutex // guards the fields below
	server net.Conn   // nil before there is one
	closed bool
	sent   []byte // by the client since its transaction began

	// What the two directions tell each other.
	mute    atomic.Bool  // the client gets nothing any more
	deaf    atomic.Bool  // the server gets nothing any more, not even the end
	idle    atomic.Bool  // no transaction is open
	waiting atomic.Int64 // the fate that comes when the server has answered; zero: none

	// Of the extended protocol: what the names stand for. Only the direction to the
	// server uses them.
	statements, portals map[string]kind
}

// connect takes the connection to the server, unless the link is closed already.
func (l *link) connect(server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// close ends both connections, and reports whether nobody has before.
func (l *link) close(reset bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.closed = true
	hangUp(l.client, reset)
	if l.server != nil {
		hangUp(l.server, reset)
	}
	return true
}

// cut ends both connections as a fate says, and counts it.
func (l *link) cut(f Fate) {
	if l.close(f&Reset != 0) {
		l.proxy.met(f)
	}
}

// isOpen reports whether nobody has closed it.
func (l *link) isOpen() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.closed
}

// hangUp closes a connection. One of a Unix socket knows no reset.
func hangUp(c net.Conn, reset bool) {
	if tcp, ok := c.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// run passes on what both sides say, until both directions have ended.
func (l *link) run() {
	client := bufio.NewReader(l.client)
	start, cancel, err := l.startup(client)
	if err != nil || !l.forward(l.server, start) {
		return
	}
	if cancel {
		l.proxy.cancels()
		_, _ = io.Copy(io.Discard, l.server) // the server ends it when it has seen to it
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		l.toServer(client)
		if l.deaf.Load() {
			_ = l.client.Close() // the server does not hear of it
			return
		}
		l.end()
	})
	both.Go(func() {
		l.toClient(bufio.NewReader(l.server))
		if !l.mute.Load() {
			l.end()
		}
	})
	both.Wait()
}

// end passes on that one side has left.
func (l *link) end() {
	if l.proxy.pass() {
		l.close(false)
	}
}

// startup reads the first message of a client, and refuses encryption until it
// comes.
func (l *link) startup(r io.Reader) (message []byte, cancel bool, err error) {
	for {
		head := make([]byte, 8)
		if _, err := io.ReadFull(r, head); err != nil {
			return nil, false, err
		}
		n, code := binary.BigEndian.Uint32(head), binary.BigEndian.Uint32(head[4:])
		if n < 8 || n > longest {
			return nil, false, errors.New("wire: a startup message of an impossible length")
		}
		message := append(head, make([]byte, n-8)...)
		if _, err := io.ReadFull(r, message[8:]); err != nil {
			return nil, false, err
		}
		if code != sslRequest && code != gssRequest {
			return message, code == cancelRequest, nil
		}
		if !l.forward(l.client, []byte{'N'}) {
			return nil, false, net.ErrClosed
		}
	}
}

// forward passes a message on, when the network lets it.
func (l *link) forward(to net.Conn, message []byte) bool {
	if !l.proxy.pass() {
		return false
	}
	_, err := to.Write(message)
	return err == nil
}

// message reads one with its type and length.
func message(r io.Reader) ([]byte, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 || n > longest {
		return nil, errors.New("wire: a message of an impossible length")
	}
	m := append(head, make([]byte, n-4)...)
	_, err := io.ReadFull(r, m[5:])
	return m, err
}

// toServer passes on what the client says, until it leaves.
func (l *link) toServer(r io.Reader) {
	l.statements, l.portals = map[string]kind{}, map[string]kind{}
	for {
		m, err := message(r)
		if err != nil {
			return
		}
		if l.deaf.Load() {
			continue
		}
		fate := Pass
		if l.commits(m) {
			fate = l.fate()
			if m[0] == 'E' && l.idle.Load() { // what is executed alone is committed by the next message, Sync
				next, err := message(r)
				if err != nil {
					return
				}
				m = append(m, next...)
			}
		}
		l.noteSent(m)
		if !l.meet(fate, m) {
			return
		}
	}
}

// meet does to a message what its fate is, and reports whether the connection
// goes on.
func (l *link) meet(fate Fate, m []byte) bool {
	switch fate.kind() {
	case CutBefore:
		l.cut(fate)
		return false
	case CutWithin:
		if l.forward(l.server, m[:len(m)/2]) {
			l.cut(fate)
		}
		return false
	case CutBetween:
		l.mute.Store(true)
		if l.forward(l.server, m) {
			l.cut(fate)
		}
		return false
	case CutLate:
		l.mute.Store(true)
		if l.isOpen() {
			l.proxy.met(fate)
		}
		hangUp(l.client, fate&Reset != 0)
		if l.proxy.wait(time.Duration(l.proxy.lateBy.Load())) {
			l.forward(l.server, m)
		}
		return false
	case CutAfter:
		l.waiting.Store(int64(fate))
	case HangBefore:
		l.deaf.Store(true)
		l.mute.Store(true)
		if l.isOpen() {
			l.proxy.met(fate)
		}
		return true
	case HangAfter:
		l.mute.Store(true)
	}
	if !l.forward(l.server, m) {
		return l.mute.Load() // a silent connection stays open without a server
	}
	if fate.Hangs() {
		l.proxy.met(fate)
	}
	return true
}

// toClient passes on what the server says, until it leaves.
func (l *link) toClient(r io.Reader) {
	ended := false // the server has answered what is waited for
	for {
		m, err := message(r)
		if err != nil {
			return
		}
		if m[0] == 'Z' && len(m) > 5 {
			l.idle.Store(m[5] == 'I')
			if m[5] == 'I' {
				l.forgetSent()
			}
		}
		switch {
		case l.waiting.Load() != 0:
			ended = ended || m[0] == 'E' || m[0] == 'C'
			if ended && m[0] == 'Z' {
				l.cut(Fate(l.waiting.Load()))
				return
			}
		case l.mute.Load():
		case m[0] == 'D' && l.proxy.cutsRow():
			l.forward(l.client, m[:len(m)/2])
			l.close(true)
			return
		case !l.forward(l.client, m):
			return
		}
	}
}

func (l *link) fate() Fate {
	l.mu.Lock()
	c := Commit{Sent: bytes.Clone(l.sent)}
	l.mu.Unlock()
	return l.proxy.fate(c)
}

func (l *link) noteSent(m []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.sent) < longest {
		l.sent = append(l.sent, m...)
	}
}

func (l *link) forgetSent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = l.sent[:0]
}

// commits reports whether a message of the client is the one that commits.
func (l *link) commits(m []byte) bool {
	body := m[5:]
	switch m[0] {
	case 'Q':
		text, _ := cString(body)
		return l.is(kindOf(text))
	case 'P':
		name, rest := cString(body)
		text, _ := cString(rest)
		l.statements[name] = kindOf(text)
	case 'B':
		portal, rest := cString(body)
		statement, _ := cString(rest)
		l.portals[portal] = l.statements[statement]
	case 'E':
		portal, _ := cString(body)
		return l.is(l.portals[portal])
	}
	return false
}

// is reports whether a statement commits, as the transaction stands.
func (l *link) is(k kind) bool { return k == commits || k == writes && l.idle.Load() }

// A kind is what a statement does for a transaction.
type kind int

const (
	other   kind = iota
	commits      // is a COMMIT
	writes       // commits itself, outside a transaction
)

func kindOf(text string) kind {
	switch {
	case isCommit(text):
		return commits
	case isWrite(text):
		return writes
	}
	return other
}

// isWrite reports whether a text begins with a statement that changes rows.
func isWrite(text string) bool {
	words := strings.Fields(strings.ToUpper(text))
	if len(words) == 0 {
		return false
	}
	change := func(word string) bool {
		word = strings.TrimLeft(word, "(")
		return word == "INSERT" || word == "UPDATE" || word == "DELETE"
	}
	return change(words[0]) || words[0] == "WITH" && slices.ContainsFunc(words, change)
}

// cString returns the text that ends with the first zero byte, and what follows.
func cString(b []byte) (text string, rest []byte) {
	before, after, _ := bytes.Cut(b, []byte{0})
	return string(before), after
}

// isCommit reports whether the last statement of a text is COMMIT.
func isCommit(text string) bool {
	text = strings.TrimRight(text, "; \t\r\n")
	last := text[strings.LastIndexByte(text, ';')+1:]
	words := strings.Fields(strings.ToUpper(last))
	if len(words) == 0 || words[0] != "COMMIT" && words[0] != "END" {
		return false
	}
	return len(words) == 1 || words[1] != "PREPARED"
}
