package main

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var screenshots = flag.String("screenshots", "", "write pictures of the pages into this `directory`")

// TestBrowserScreenshots makes the pictures of the pages:
//
//	go test ./desk -run BrowserScreenshots -screenshots "$PWD/desk/screenshots"
func TestBrowserScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("nobody asked for pictures with -screenshots")
	}
	t.Parallel()
	b := openBrowserOf(t, serveDesk(t))
	ann, visitor := b.SignIn("Ann Archer"), b.Visit("Mika Salo")
	visitor.Say("Hello! Where is my parcel?")
	visitor.Sees(".theirs", "the number of your order")
	visitor.Say("It is 12345")
	visitor.Sees(".theirs", "12345")
	visitor.Say("I would like to talk to a person")
	ann.Click(in("Waiting"), "Mika Salo")
	ann.Click("#actions", "Take")
	ann.Say("Hello Mika, I am looking it up.")
	visitor.Say("Thank you")
	ann.Sees("#lines", "Thank you")
	ann.Say("It will be with you tomorrow.")
	ann.Pass("Next due", `text("#prompted") !== ""`)
	visitor.Sees(".theirs", "tomorrow")

	report := b.Open("report", "/agents/ann/report")
	sue := b.SignIn("Sue Lindqvist")
	for _, shot := range []struct {
		name string
		of   *tab
		path string // empty: as it is
	}{
		{"desk", ann, ""},
		{"visitor", visitor, ""},
		{"report", report, ""},
		{"team", sue, "/agents/sue/team"},
	} {
		if shot.path != "" {
			shot.of.Go(shot.path)
		}
		for _, size := range []struct {
			name          string
			width, height int64
		}{{"", 1280, 800}, {"-phone", phoneWidth, phoneHeight}} {
			shot.of.Resize(size.width, size.height)
			shot.of.until("the whole page", `document.readyState === "complete" && [...document.images].every((i) => i.complete)`)
			save(t, filepath.Join(*screenshots, shot.name+size.name+".png"), shot.of.Picture())
		}
	}
}

// save writes a picture with few colours, which makes it small.
func save(t *testing.T, file string, picture []byte) {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(picture))
	check(t, err)
	few := image.NewPaletted(full.Bounds(), colours(full))
	draw.Draw(few, few.Bounds(), full, full.Bounds().Min, draw.Src)
	var out bytes.Buffer
	check(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few))
	check(t, os.MkdirAll(filepath.Dir(file), 0o755))
	check(t, os.WriteFile(file, out.Bytes(), 0o644))
	t.Logf("%s: %d kB", file, out.Len()/1000)
}

// colours returns the 256 most used colours of a picture.
func colours(of image.Image) color.Palette {
	used := map[color.Color]int{}
	for y := of.Bounds().Min.Y; y < of.Bounds().Max.Y; y++ {
		for x := of.Bounds().Min.X; x < of.Bounds().Max.X; x++ {
			used[of.At(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(used), func(a, b color.Color) int { return cmp.Or(used[b]-used[a], cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))) })
	return color.Palette(all[:min(256, len(all))])
}
