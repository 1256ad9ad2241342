package shingle_test

import (
	"fmt"

	"github.com/mfonda/simhash"

	"neardup/shingle"
)

func ExampleParams_Fingerprint() {
	p := shingle.DefaultParams()
	f, n, err := p.Fingerprint("The harbour ferry will go back to its old timetable in spring.")
	fmt.Println(f, n, err)
	_, _, err = p.Fingerprint("猫")
	fmt.Println(err)
	// Output:
	// a2ec3b4783fe2c7e 55 <nil>
	// shingle: text is shorter than one shingle
}

func ExampleNormalize() {
	fmt.Println(shingle.Normalize("Ｇｏ 语言，\n“很快”。"))
	// Output: go语言,"很快".
}

func ExampleParams_Normalize() {
	p := shingle.Params{FoldHan: true}
	fmt.Println(p.Normalize("頭髮") == p.Normalize("头发"))
	// Output: true
}

func ExampleParseID() {
	p, err := shingle.ParseID(shingle.Params{Size: 5, FoldHan: true}.ID())
	fmt.Println(p.Size, p.FoldHan, err)
	// Output: 5 true <nil>
}

func ExampleResemblance() {
	p := shingle.DefaultParams()
	a := p.Set("老城区北街口的那间钟表铺在本月重新开门了。")
	b := p.Set("老城区北街口的那间钟表铺在上月重新开门了。")
	fmt.Printf("%.2f\n", shingle.Resemblance(a, b))
	fmt.Printf("%.2f\n", shingle.Containment(a, b))
	// Output:
	// 0.71
	// 0.83
}

func ExampleParams_Features() {
	p := shingle.DefaultParams()
	text := "A library that lends out seeds."
	f, _, _ := p.Fingerprint(text)
	fmt.Println(uint64(f) == simhash.Fingerprint(simhash.Vectorize(p.Features(text))))
	// Output: true
}

func ExampleParagraphs() {
	text := "Title\n\nFirst paragraph.\n"
	for _, r := range shingle.Paragraphs(text) {
		fmt.Println(r.Start, r.End, text[r.Start:r.End])
	}
	// Output:
	// 0 5 Title
	// 7 23 First paragraph.
}

func ExampleFinder() {
	p := shingle.DefaultParams()
	var f shingle.Finder
	f.Hold(p.Set("The library lends out seeds of beans and kale."))
	for _, text := range []string{"THE LIBRARY lends out seeds of beans and kale.", "The ferry runs every twenty minutes."} {
		resemblance, _, _, ok := f.Compare(p.Set(text), 10)
		fmt.Printf("%.2f %v\n", resemblance, ok)
	}
	// Output:
	// 1.00 true
	// 0.00 false
}
