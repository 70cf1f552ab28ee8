// Desk is a live customer-service desk in one process: a page for agents, a page
// for visitors, and a toy bot, on conversations that are kept in a SQLite file.
//
//	go run ./examples/desk
//
// It is a model of how to embed adjourn. What adjourn does not do is the host's:
// who somebody is and what they are called (people.go), whose page is open
// (presence.go), telling the pages that something changed (live.go), and the pages.
// From a click to the Desk it is always the same way: the form names a route
// (routes.go), its handler gives one command.
//
// The clock can be made to go faster, so that a day is over in a minute
// (clock.go). In an application of your own leave Options.Clock out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second one ends the process at once
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "desk:", err)
		os.Exit(1)
	}
}

// Options are what the flags say.
type options struct {
	addr, file        string
	hosts             []string
	fresh, demo, open bool
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("desk", flag.ContinueOnError)
	flags.StringVar(&o.addr, "addr", "localhost:8088", "listen on this `address`")
	flags.Func("host", "serve under this `name` too; may be given several times", func(name string) error {
		o.hosts = append(o.hosts, name)
		return nil
	})
	flags.StringVar(&o.file, "db", "", "keep everything in this `file`, which is made if there is none (default: one in the user's cache directory)")
	flags.BoolVar(&o.fresh, "fresh", false, "begin anew: delete the file first")
	flags.BoolVar(&o.demo, "demo", true, "fill a new file with two weeks of conversations")
	flags.BoolVar(&o.open, "open", true, "open the page in the browser")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.file == "" {
		o.file, err = defaultFile()
	}
	return o, err
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return fmt.Errorf("%w (choose another address with -addr)", err)
	}
	defer listener.Close()
	unlock, err := lockFile(ctx, o.file)
	if err != nil {
		return err
	}
	defer unlock()
	if o.fresh {
		if err := deleteFile(o.file); err != nil {
			return err
		}
	}
	a, err := newApp(ctx, o.file, slog.New(slog.NewTextHandler(stdout, nil)))
	if err != nil {
		return fmt.Errorf("%s: %w (-fresh begins anew)", o.file, err)
	}
	defer a.close()
	if o.demo {
		if err := a.fill(ctx); err != nil {
			return err
		}
	}
	url := address(o.addr, listener.Addr())
	fmt.Fprintf(stdout, "The desk is open at %s\nEverything is kept in %s\n", url, o.file)
	if hosts := hostsOf(listener.Addr(), o.hosts); !hosts.local {
		fmt.Fprintf(stdout, "Nobody is asked for a password: whoever reaches this machine at %s can be anybody, the supervisor too.\n", listener.Addr())
	}
	if o.open {
		openBrowser(url)
	}
	return a.serve(ctx, listener, o.hosts...)
}

// address returns where the front page is.
func address(asked string, got net.Addr) string {
	host, _, _ := net.SplitHostPort(asked)
	port := got.(*net.TCPAddr).Port
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port)) + "/"
}

// serve runs the desk and its pages until ctx is done. Requests that are being
// answered then have a second to be.
func (a *app) serve(ctx context.Context, listener net.Listener, names ...string) error {
	group, ctx := errgroup.WithContext(ctx)
	server := &http.Server{
		Handler:           a.handler(listener.Addr(), names...),
		ReadHeaderTimeout: 10 * time.Second,
	}
	group.Go(func() error { return server.Serve(listener) })
	group.Go(func() error { return a.run(ctx) })
	group.Go(func() error {
		<-ctx.Done()
		a.live.Close()
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := server.Shutdown(within); err != nil {
			return server.Close() // also of connections that browsers open in advance
		}
		return nil
	})
	if err := group.Wait(); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// defaultFile returns the file of those who name none. Its directory is the
// user's own, so that a second start finds it again.
func defaultFile() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	dir = filepath.Join(dir, "adjourn-desk")
	return filepath.Join(dir, "desk.db"), os.MkdirAll(dir, 0o700)
}

// deleteFile deletes a database with the files that SQLite keeps beside it.
func deleteFile(file string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(file + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
