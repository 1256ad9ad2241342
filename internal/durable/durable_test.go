package durable

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return "(none)"
		}
		t.Fatal(err)
	}
	return string(b)
}

func TestAppearsWhenComplete(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := Create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "(none)" {
		t.Fatalf("before Commit the file holds %q", got)
	}
	if f.Size() != 5 {
		t.Errorf("Size = %d", f.Size())
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "hello" {
		t.Errorf("the file holds %q", got)
	}
	if got := content(t, f.Temp()); got != "(none)" {
		t.Errorf("a partial file is left: %q", got)
	}
	if err := f.Remove(); err != nil || content(t, path) != "hello" {
		t.Errorf("Remove after Commit: %v, file %q", err, content(t, path))
	}
}

func TestExisting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	if err := WriteFile(path, []byte("old"), false); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("new"), false); !errors.Is(err, ErrExists) {
		t.Errorf("WriteFile = %v, want ErrExists", err)
	}
	if got := content(t, path); got != "old" {
		t.Errorf("a refused write left %q", got)
	}
	if err := WriteFile(path, []byte("new"), true); err != nil || content(t, path) != "new" {
		t.Errorf("with force: %v, %q", err, content(t, path))
	}
	if _, err := Create(filepath.Dir(path), true); err == nil {
		t.Error("a directory is replaced")
	}
	if _, err := Create(filepath.Join(path, "below"), false); err == nil {
		t.Error("a file is made below a file")
	}
}

func TestResumeCutsBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := Create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte("good, torn"))
	if err := errors.Join(err, f.Abandon()); err != nil {
		t.Fatal(err)
	}
	var behind *BehindError
	temp := f.Temp()
	if _, err := Resume(path, temp, 100); !errors.As(err, &behind) || behind.Have != 10 || behind.Had != 100 {
		t.Errorf("Resume past the end = %v", err)
	}
	f, err = Resume(path, temp, 5)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte(" again"))
	if err := errors.Join(err, f.Commit()); err != nil {
		t.Fatal(err)
	}
	if got := content(t, path); got != "good, again"[:4]+","+" again" {
		t.Errorf("the file holds %q", got)
	}
	if _, err := Resume(path, temp, 5); !errors.As(err, &behind) {
		t.Errorf("Resume of nothing = %v", err)
	}
}

func TestRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	f, err := Create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Remove(); err != nil || content(t, f.Temp()) != "(none)" {
		t.Errorf("Remove = %v and leaves %q", err, content(t, f.Temp()))
	}
}

// TestLeavesOthersAlone has files under the names that a careless writer would use.
func TestLeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "out"), filepath.Join(dir, "out"+PartialSuffix)
	if err := os.WriteFile(other, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("x"), true); err != nil || content(t, other) != "precious" {
		t.Errorf("%v, the other file holds %q", err, content(t, other))
	}
	link, target := filepath.Join(dir, "link"), filepath.Join(dir, "nowhere")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, []byte("x"), false); !errors.Is(err, ErrExists) {
		t.Errorf("a dangling link is replaced: %v", err)
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), WriteFile(path, []byte("y"), true)); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode of a replaced file is %v, %v", info.Mode(), err)
	}
}

func TestDevice(t *testing.T) {
	f, err := Create(os.DevNull, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte("x"))
	if err := errors.Join(err, f.Commit()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("the device was replaced: %v, %v", info, err)
	}
}

func TestNilFile(t *testing.T) {
	var f *File
	n, err := f.Write([]byte("abc"))
	if err := errors.Join(err, f.Sync(), f.Commit(), f.Abandon(), f.Remove()); n != 3 || err != nil || f.Size() != 0 {
		t.Errorf("a nil file does something: %d, %v", n, err)
	}
}
