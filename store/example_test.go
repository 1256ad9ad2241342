package store_test

import (
	"fmt"
	"os"
	"path/filepath"

	"neardup/shingle"
	"neardup/store"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ix, err := store.Open(filepath.Join(dir, "seen.idx"), nil)
	if err != nil {
		panic(err)
	}
	set := shingle.DefaultParams().Set("The harbour ferry will go back to its old timetable in spring.")
	n, err := ix.Add(&store.Document{
		ID: "a", OwnID: true, ByShingles: true, Fingerprint: set.Fingerprint(), Sketch: set.Sketch(),
	})
	if err != nil {
		panic(err)
	}
	if err := ix.Commit(); err != nil { // durable from here on
		panic(err)
	}
	near, err := ix.Near(set.Fingerprint()^1, 3)
	fmt.Println(n, near, err)
	fmt.Println(ix.Close())
	// Output:
	// 1 [{1 1}] <nil>
	// <nil>
}
