// Command apicheck compares the exported API of the root module's public packages with that of its last release, and
// fails if it changed in a way that the next version must not bring.
//
//	go run ./tools/apicheck [-dir module] [-next v1.3.0]
//
// The last release is the highest tag v1.2.3 that HEAD comes from, pre-releases aside; with what is in the working tree
// it is compared by the rules of golang.org/x/exp/apidiff. Packages that are internal or commands have no API. What may
// change follows the practice of Go modules, as gorelease has it:
//
//	major version   incompatible changes    additions
//	v0              the next minor version  any version
//	v1 and later    the next major version  the next minor version
//
// Without -next, the version that comes next is one without incompatible changes; with it, the version must be one that
// allows what changed. Where there is no release yet, nothing is compared and nothing fails.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/mod/semver"
)

func main() {
	dir := flag.String("dir", ".", "the `directory` of the module, in its git repository")
	next := flag.String("next", "", "the `version` that comes next, if it is known")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ok, err := check(*dir, *next, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "apicheck:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// check compares the module in dir with its last release, says on w what it found, and returns whether the next version
// may bring it.
func check(dir, next string, w io.Writer) (bool, error) {
	if next != "" && !semver.IsValid(next) {
		return false, fmt.Errorf("-next %s is no version", next)
	}
	now, err := load(dir)
	if err != nil {
		return false, err
	}
	tag, err := lastRelease(dir)
	if err != nil {
		return false, err
	}
	if tag == "" {
		fmt.Fprintf(w, "There is no release yet, no tag v*, to compare with. The first one will have this API:\n")
		for _, p := range now.Packages {
			fmt.Fprintf(w, "  %s: %d exported identifiers\n", p.Path(), exported(p))
		}
		fmt.Fprintf(w, "%d packages, %d exported identifiers\n", len(now.Packages), exported(now.Packages...))
		return true, nil
	}
	before, err := loadAt(dir, tag)
	if err != nil {
		return false, err
	}
	report := apidiff.ModuleChanges(before, now)
	fmt.Fprintf(w, "Compared with %s: %d packages, were %d; %d exported identifiers, were %d\n",
		tag, len(now.Packages), len(before.Packages), exported(now.Packages...), exported(before.Packages...))
	show(w, "incompatible", report, false)
	show(w, "compatible", report, true)
	return judge(w, tag, next, report), nil
}

func show(w io.Writer, title string, report apidiff.Report, compatible bool) {
	var messages []string
	for _, c := range report.Changes {
		if c.Compatible == compatible {
			messages = append(messages, c.Message)
		}
	}
	fmt.Fprintf(w, "%d %s changes\n", len(messages), title)
	slices.Sort(messages)
	for _, m := range messages {
		fmt.Fprintf(w, "  %s\n", m)
	}
}

// judge says which version can bring the changes.
func judge(w io.Writer, tag, next string, report apidiff.Report) bool {
	incompatible := slices.ContainsFunc(report.Changes, func(c apidiff.Change) bool { return !c.Compatible })
	least := required(tag, incompatible, len(report.Changes) > 0)
	switch {
	case next == "" && incompatible:
		fmt.Fprintf(w, "FAILED: only %s can bring incompatible changes: say -next %s if that is what comes\n", least, least)
		return false
	case next == "":
		fmt.Fprintf(w, "The next version is at least %s\n", least)
		return true
	case semver.Compare(strings.SplitN(next, "-", 2)[0], least) < 0:
		fmt.Fprintf(w, "FAILED: %s cannot bring this, only %s can\n", next, least)
		return false
	}
	fmt.Fprintf(w, "%s may bring this\n", next)
	return true
}

// required returns the lowest version after a release that may bring what changed.
func required(tag string, incompatible, changed bool) string {
	var n [3]int
	for i, part := range strings.SplitN(strings.TrimPrefix(semver.Canonical(tag), "v"), ".", 3) {
		n[i], _ = strconv.Atoi(part) // a release has three numbers
	}
	switch {
	case incompatible && n[0] > 0:
		return fmt.Sprintf("v%d.0.0", n[0]+1)
	case incompatible, changed && n[0] > 0:
		return fmt.Sprintf("v%d.%d.0", n[0], n[1]+1)
	}
	return fmt.Sprintf("v%d.%d.%d", n[0], n[1], n[2]+1)
}
