package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	_ "image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"neardup/internal/testkit"
)

// picturePages returns the seed page and a made page in English letters and one in Japanese,
// each with a repeat.
func picturePages(t *testing.T, dir string) []string {
	t.Helper()
	paths := []string{"testdata/seed-page.txt"}
	for _, script := range []string{"latin", "kana"} {
		for seed := uint64(0); ; seed++ {
			page := testkit.NewWriter(seed).Page(true)
			if page.Script != script || page.Plant != "near" || page.Layout != "same" {
				continue
			}
			path := filepath.Join(dir, script+".html")
			if err := os.WriteFile(path, []byte(page.Source), 0o644); err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
			break
		}
	}
	return paths
}

// draw writes the picture of pages and returns its path.
func draw(t *testing.T, pages ...string) string {
	t.Helper()
	picture := filepath.Join(t.TempDir(), "picture.html")
	var out, errors bytes.Buffer
	if code := run(t.Context(), func() os.Signal { return nil }, append([]string{"page", "--html", picture}, pages...), strings.NewReader(""), &out, &errors); code != exitDone {
		t.Fatalf("exit code %d: %s", code, errors.String())
	}
	return picture
}

// TestPictureIsSelfContained follows the links of a picture, all of which lead to a place in it.
func TestPictureIsSelfContained(t *testing.T) {
	hostile := filepath.Join(t.TempDir(), `a"><script>alert(1)<`)
	text := "<script>alert(2)</script> is the first line of it.\nAnd & this is the second \x01 one of them.\n"
	if err := os.WriteFile(hostile, []byte(text+"between\n"+text+"x\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
	selfContained(t, readFile(t, draw(t, append(picturePages(t, t.TempDir()), hostile)...)), 20)
}

// selfContained follows the links of a page, of which there are some.
func selfContained(t *testing.T, picture string, least int) {
	t.Helper()
	if strings.Contains(picture, "<script") || strings.Contains(picture, "://") {
		t.Error("the picture holds a script or an address")
	}
	links := regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(picture, -1)
	if len(links) < least {
		t.Errorf("the picture has %d links", len(links))
	}
	for _, link := range links {
		if strings.Count(picture, `id="`+link[1]+`"`) != 1 {
			t.Errorf("%d places are named %s", strings.Count(picture, `id="`+link[1]+`"`), link[1])
		}
	}
}

// TestPictureInBrowser has Chromium draw the pictures, and looks for the colour of the first
// section in them.
func TestPictureInBrowser(t *testing.T) {
	if testkit.Tier() == "short" {
		t.Skip("takes seconds; set NEARDUP_TEST=ci")
	}
	for _, page := range picturePages(t, t.TempDir()) {
		if n := pixels(shot(t, draw(t, page), 1600), color.RGBA{0x0f, 0x7b, 0x8a, 0xff}); n < 3000 {
			t.Errorf("%s: the colour of the section has %d pixels", page, n)
		}
	}
}

// shot has Chromium draw a page, 1200 pixels wide.
func shot(t *testing.T, page string, height int) image.Image {
	t.Helper()
	var browser string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
		}
	}
	if browser == "" {
		t.Skip("no Chromium is found to draw the pictures with")
	}
	png := filepath.Join(t.TempDir(), "shot.png")
	c := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", fmt.Sprintf("--window-size=1200,%d", height),
		"--user-data-dir="+t.TempDir(), "--screenshot="+png, "file://"+page)
	c.WaitDelay = time.Minute
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	img, _, err := image.Decode(strings.NewReader(readFile(t, png)))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// pixels counts those of a colour.
func pixels(img image.Image, c color.RGBA) (n int) {
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if color.RGBAModel.Convert(img.At(x, y)) == c {
				n++
			}
		}
	}
	return n
}
