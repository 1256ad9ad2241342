package shingle

import "sync"

//go:generate go run generate_variants.go Unihan_Variants.txt

// foldHan maps an ideograph onto the first of its class: those that are the simplified or the
// traditional form of each other, by whatever steps, and those outside all such classes whose
// only semantic or z-variant is in one. So there is no choice to make where one simplified
// character stands for several traditional ones. What it maps to it maps to itself.
func foldHan(r rune) rune {
	if first, ok := firstVariants()[r]; ok {
		return first
	}
	return r
}

// firstVariants holds the first of its class for every other character of a class.
var firstVariants = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	first := rune(0)
	for _, r := range hanVariants {
		switch {
		case r == ' ':
			first = 0
		case first == 0:
			first = r
		default:
			m[r] = first
		}
	}
	return m
})
