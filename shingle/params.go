package shingle

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Params are the settings that change shingles and fingerprints. The zero value is the
// default. An index stores their [Params.ID] and refuses any other.
type Params struct {
	// Size is the number of characters in a shingle, 1 to MaxSize. Zero is the rule by
	// script: a shingle runs from its first character to the first character at which its
	// weight reaches 8, where a character of Han, kana, Hangul, Bopomofo or Yi weighs 3
	// and any other 1. So Chinese is cut into threes, English into eights, and a mixed
	// run into whatever lies between.
	Size int

	// FoldHan takes an ideograph, its simplified and its traditional forms for one character.
	// So a text in one script and the same text in the other are copies. It goes by single
	// characters, and knows nothing of words that differ between regions.
	FoldHan bool
}

// MaxSize is the largest fixed shingle size. Longer shingles than that miss every edited
// copy of a text of ordinary length.
const MaxSize = 64

// shortFactor times the characters of a shingle is the number of distinct shingles below
// which a text is short; see [Digest.Short]. A changed character takes as many shingles with
// it as a shingle has characters: with n shingles of k characters that leaves a resemblance
// of (n-k)/(n+k), which is 0.8 at n = 9k.
const shortFactor = 9

// ErrTooShort reports a text without a single shingle.
var ErrTooShort = errors.New("shingle: text is shorter than one shingle")

const (
	version     = 2 // of normalisation, shingle rule and hash together
	autoWeight  = 8
	denseWeight = 3
)

// DefaultParams returns the rule by script.
func DefaultParams() Params { return Params{} }

// ID names everything that fingerprints depend on: the settings and the version of the
// algorithm. Fingerprints are comparable if and only if their IDs are equal.
func (p Params) ID() string {
	id := fmt.Sprintf("v%d/size=%s", version, p)
	if p.FoldHan {
		id += idFoldHan
	}
	return id
}

const idFoldHan = "/fold=han"

// ParseID reads what [Params.ID] writes.
func ParseID(id string) (Params, error) {
	size, foldHan := strings.CutSuffix(id, idFoldHan)
	_, size, _ = strings.Cut(size, "/size=")
	p, err := ParseParams(size)
	p.FoldHan = foldHan
	if err != nil || p.ID() != id {
		return Params{}, fmt.Errorf("%q are no parameters of this version", id)
	}
	return p, nil
}

// String returns the size as users write it, "auto" or a number.
func (p Params) String() string {
	if p.Size == 0 {
		return "auto"
	}
	return strconv.Itoa(p.Size)
}

// ParseParams reads what [Params.String] writes, the size.
func ParseParams(size string) (Params, error) {
	if size == "auto" {
		return Params{}, nil
	}
	n, err := strconv.Atoi(size)
	if err != nil || n < 1 || n > MaxSize {
		return Params{}, fmt.Errorf("shingle size %q is neither auto nor a number from 1 to %d", size, MaxSize)
	}
	return Params{Size: n}, nil
}

// classes returns what normalisation goes by.
func (p Params) classes() *classes {
	if p.FoldHan {
		return foldHanClasses
	}
	return plainClasses
}

func (p Params) target() int {
	if p.Size == 0 {
		return autoWeight
	}
	return p.Size
}
