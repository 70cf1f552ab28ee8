package wire

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Fate is what becomes of a COMMIT and of the connection that it came by.
type Fate int

// The fates of a COMMIT. Those that cut end the connection at both ends at once,
// with [Reset] by a reset instead of an orderly end.
const (
	// Pass: nothing happens to it.
	Pass Fate = iota

	// CutBefore: it never reaches the server, which rolls back. Not applied.
	CutBefore

	// CutWithin: half of its bytes reach the server, which rolls back. Not
	// applied.
	CutWithin

	// CutBetween: it is passed on and the connection cut without a wait for the
	// answer. Whether and when it is applied is the server's matter.
	CutBetween

	// CutLate: the client loses the connection at once, but the COMMIT is still on
	// its way, and reaches the server when [Proxy.LateBy] is over. Applied,
	// unless the server has lost its patience.
	CutLate

	// CutAfter: the server has answered, the client never hears it. Applied,
	// unless the server refused.
	CutAfter

	// HangBefore: it never reaches the server, nothing ever comes back, and the
	// connection stays open, at the server's end even when the client has left.
	// The server ends the transaction when it loses its patience. Not applied.
	HangBefore

	// HangAfter: the server gets it, but nothing ever comes back, and the
	// connection stays open until the client leaves. Applied, unless the server
	// refused.
	HangAfter

	// Reset is added to a fate that cuts: CutAfter|Reset.
	Reset Fate = 1 << 8

	// Marked is added to a fate to find it apart in [Counts]. It changes nothing.
	Marked Fate = 1 << 9
)

// kind is the fate without what was added to it.
func (f Fate) kind() Fate { return f &^ (Reset | Marked) }

// Fates are those that are not Pass, without Reset.
func Fates() []Fate {
	return []Fate{CutBefore, CutWithin, CutBetween, CutLate, CutAfter, HangBefore, HangAfter}
}

var fateNames = [...]string{"pass", "cut before", "cut within", "cut between", "cut late", "cut after", "hang before", "hang after"}

// String names the fate.
func (f Fate) String() string {
	name := "unknown"
	if kind := f.kind(); kind >= 0 && int(kind) < len(fateNames) {
		name = fateNames[kind]
	}
	if f&Reset != 0 {
		name += " by reset"
	}
	return name
}

// Hangs reports whether the connection stays open and silent.
func (f Fate) Hangs() bool { return f.kind() == HangBefore || f.kind() == HangAfter }

// A Commit is a COMMIT that a client has sent.
type Commit struct {
	// Sent is what the client has sent since its transaction began, in the bytes
	// of the protocol. It is valid until the hook returns.
	Sent []byte
}

// Contains reports whether a text was sent in the transaction, such as within a
// parameter of a statement. Drivers may prepare statements, so that their own
// text was sent in a transaction before.
func (c Commit) Contains(text string) bool { return bytes.Contains(c.Sent, []byte(text)) }

// Counts are what happened since the proxy began to listen.
type Counts struct {
	Connections int // that were made, without those that were refused
	Refused     int
	Cancels     int          // requests to cancel, which have a connection each
	Commits     int          // that were sent
	Fates       map[Fate]int // that commits have met, with Reset and Marked, without Pass
	Rows        int          // that were cut
	Cut         int          // connections that CutAll and HangAll ended
}

// A Proxy is a way to a server that fails as it is told. It is safe for
// concurrent use.
type Proxy struct {
	upstream *url.URL
	listener *net.TCPListener
	done     chan struct{} // closed by Close
	running  sync.WaitGroup

	slow   atomic.Int64 // nanoseconds for each message
	lateBy atomic.Int64 // nanoseconds for a late COMMIT

	mu      sync.Mutex // guards the fields below
	closed  bool
	refuses bool
	healed  chan struct{} // closed unless there is a partition
	commit  func(Commit) Fate
	row     func() bool
	links   map[*link]bool
	counts  Counts
}

// Listen starts a proxy on a port of 127.0.0.1 in front of the server of a URL,
// as pgtest gives it: with a host and port, or with the directory of a socket as
// the parameter host.
func Listen(upstream string) (*Proxy, error) {
	u, err := url.Parse(upstream)
	if err != nil {
		return nil, errors.New("wire: the server's address is not a URL")
	}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("wire: %w", err)
	}
	p := &Proxy{
		upstream: u, listener: l, done: make(chan struct{}), healed: make(chan struct{}),
		links: map[*link]bool{}, counts: Counts{Fates: map[Fate]int{}},
	}
	close(p.healed)
	p.LateBy(50 * time.Millisecond)
	p.running.Go(p.accept)
	return p, nil
}

// ListenFor starts a proxy for a test, which closes it when it ends.
func ListenFor(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p, err := Listen(upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// URL returns the address of the upstream's database through the proxy.
func (p *Proxy) URL() string {
	u := *p.upstream
	u.Host = p.listener.Addr().String()
	q := u.Query()
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	return u.String()
}

// Close ends all connections and returns when nothing of the proxy runs any
// more. A client that comes afterwards finds nobody.
func (p *Proxy) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.done)
		_ = p.listener.Close()
		for l := range p.links {
			l.close(false)
		}
	}
	p.mu.Unlock()
	p.running.Wait()
}

// OnCommit has f decide about each COMMIT from now on. It is called while the
// client waits for its COMMIT, and by several goroutines at once. Nil lets all pass.
func (p *Proxy) OnCommit(f func(Commit) Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.commit = f
}

// OnRow has f say, for each row of a result, whether to pass half of it on and
// then reset the connection. It is called by several goroutines at once. Nil lets
// all pass.
func (p *Proxy) OnRow(f func() bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.row = f
}

// Refuse turns new connections away by a reset before a word was said, or takes them again.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = refuse
}

// Slow delays each message in each direction; zero ends that.
func (p *Proxy) Slow(delay time.Duration) { p.slow.Store(int64(delay)) }

// LateBy is how much later than its client's end a COMMIT arrives whose fate is
// [CutLate]. It begins with 50 milliseconds.
func (p *Proxy) LateBy(delay time.Duration) { p.lateBy.Store(int64(delay)) }

// Partition lets nothing pass in either direction, not even the end of a
// connection. New connections are made and nobody answers.
func (p *Proxy) Partition() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.healed:
		p.healed = make(chan struct{})
	default:
	}
}

// Heal ends a partition. What was sent meanwhile arrives now.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.healed:
	default:
		close(p.healed)
	}
}

// CutAll ends all connections that there are, by a reset if so asked, and returns
// how many there were. New ones are not concerned.
func (p *Proxy) CutAll(reset bool) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for l := range p.links {
		if l.close(reset) {
			n++
		}
	}
	p.counts.Cut += n
	return n
}

// HangAll has all connections that there are fall silent: nothing passes any
// more, in either direction, not even the end of the connection, so that the
// server keeps its end until it has had enough. It returns how many there were.
// New ones are not concerned.
func (p *Proxy) HangAll() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.deaf.Store(true)
		l.mute.Store(true)
	}
	p.counts.Cut += len(p.links)
	return len(p.links)
}

// Open returns how many connections there are.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Counts returns what happened so far.
func (p *Proxy) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts
	c.Fates = maps.Clone(c.Fates)
	return c
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.AcceptTCP()
		if err != nil {
			return // it was closed
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// serve is one connection from its beginning to its end.
func (p *Proxy) serve(client *net.TCPConn) {
	l := &link{proxy: p, client: client}
	defer l.close(false)
	if !p.add(l) {
		return
	}
	defer p.remove(l)
	if !p.pass() {
		return
	}
	server, err := p.dial()
	if err != nil {
		l.close(true)
		return
	}
	if l.connect(server) {
		l.run()
	}
}

// add counts a new connection, and turns it away if it is not wanted.
func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return false
	case p.refuses:
		p.counts.Refused++
		l.close(true)
		return false
	}
	p.counts.Connections++
	p.links[l] = true
	return true
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// pass waits while there is a partition, then as long as a message is to be
// delayed. It reports false if the proxy was closed.
func (p *Proxy) pass() bool {
	p.mu.Lock()
	healed := p.healed
	p.mu.Unlock()
	select {
	case <-healed:
	case <-p.done:
		return false
	}
	return p.wait(time.Duration(p.slow.Load()))
}

// wait reports false if the proxy was closed.
func (p *Proxy) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-p.done:
		return false
	}
}

func (p *Proxy) dial() (net.Conn, error) {
	q := p.upstream.Query()
	host, port := p.upstream.Hostname(), p.upstream.Port()
	if h := q.Get("host"); h != "" {
		host = h
	}
	if n := q.Get("port"); n != "" {
		port = n
	}
	if port == "" {
		port = "5432"
	}
	if filepath.IsAbs(host) {
		return net.Dial("unix", filepath.Join(host, ".s.PGSQL."+port))
	}
	return net.Dial("tcp", net.JoinHostPort(host, port))
}

// fate asks what becomes of a COMMIT.
func (p *Proxy) fate(c Commit) Fate {
	p.mu.Lock()
	decide := p.commit
	p.mu.Unlock()
	f := Pass
	if decide != nil {
		f = decide(c)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Commits++
	return f
}

// met counts a COMMIT that has met its fate. One whose connection ended of
// something else before is in no count of fates.
func (p *Proxy) met(f Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Fates[f]++
}

// cutsRow asks whether to cut a row.
func (p *Proxy) cutsRow() bool {
	p.mu.Lock()
	decide := p.row
	p.mu.Unlock()
	if decide == nil || !decide() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Rows++
	return true
}

func (p *Proxy) cancels() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Cancels++
}
