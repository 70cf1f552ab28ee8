package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// BenchmarkFirstPage measures what a newcomer waits for: from the file to the first
// page, and to the first desk.
func BenchmarkFirstPage(b *testing.B) {
	for name, file := range map[string]func() string{
		"new": func() string { return newFile(b) },
		"existing": func() func() string {
			file := newFile(b)
			if err := openApp(b, file).fill(b.Context()); err != nil {
				b.Fatal(err)
			}
			return func() string { return file }
		}(),
	} {
		b.Run(name, func(b *testing.B) {
			var page, desk time.Duration
			for b.Loop() {
				b.StopTimer()
				file := file()
				b.StartTimer()
				begin := time.Now()
				a := openApp(b, file)
				if err := a.fill(b.Context()); err != nil {
					b.Fatal(err)
				}
				server := httptest.NewServer(a.handler(loopback))
				jar, err := cookiejar.New(nil)
				if err != nil {
					b.Fatal(err)
				}
				client := &http.Client{Jar: jar}
				want := func(r *http.Request) time.Duration {
					if code, _ := status(b, client, r); code != http.StatusOK {
						b.Fatalf("%s: %d", r.URL, code)
					}
					return time.Since(begin)
				}
				page += want(get(b, server.URL))
				desk += want(post(b, server.URL+"/sign-in", url.Values{"agent": {"ann"}}))
				server.Close()
			}
			b.ReportMetric(float64(page.Milliseconds())/float64(b.N), "ms/page")
			b.ReportMetric(float64(desk.Milliseconds())/float64(b.N), "ms/desk")
		})
	}
}

// BenchmarkStart measures the same of a process, from its start: what go run takes
// once it has compiled.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		addr, file := freePort(b), newFile(b)
		b.StartTimer()
		site, kill := startDesk(b, addr, file)
		if code, _ := status(b, http.DefaultClient, get(b, site+"/")); code != http.StatusOK {
			b.Fatalf("the first page: %d", code)
		}
		b.StopTimer()
		kill()
		b.StartTimer()
	}
}
