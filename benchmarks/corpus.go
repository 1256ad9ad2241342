package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/valyala/fastjson"
)

// A Document is a line of a corpus.
type Document struct {
	ID       string `json:"id"`
	Language string `json:"language"`
	Text     string `json:"text"`

	// Of an edited copy: what it was made from, and how.
	Source string `json:"source,omitempty"`
	Edit   string `json:"edit,omitempty"`
}

// readCorpus reads the documents of a file of JSON lines.
func readCorpus(path string) ([]Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var docs []Document
	var p fastjson.Parser
	r := bufio.NewReaderSize(f, 1<<20)
	for line := 1; ; line++ {
		b, err := r.ReadBytes('\n')
		if err == io.EOF && len(b) == 0 {
			return docs, nil
		} else if err != nil && err != io.EOF {
			return nil, err
		}
		v, err := p.ParseBytes(b)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		field := func(name string) string { return string(v.GetStringBytes(name)) }
		docs = append(docs, Document{field("id"), field("language"), field("text"), field("source"), field("edit")})
	}
}

// writeFile writes a file that appears when it is complete.
func writeFile(path string, write func(w io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.partial")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		f.Close()
		return err
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func writeCorpus(path string, docs []Document) error {
	return writeFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for _, d := range docs {
			if err := e.Encode(d); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	minDocument = 500  // bytes
	maxDocument = 7000 // about
)

// articles cuts a text at line breaks into documents of the size of articles.
func articles(text string, r *rand.Rand) []string {
	var docs []string
	target := func() int { return 1000 + r.IntN(maxDocument-1000) }
	begin, want := 0, target()
	for end := 0; end < len(text); {
		next := strings.IndexByte(text[end:], '\n')
		if next < 0 {
			next = len(text) - end - 1
		}
		if end += next + 1; end-begin >= want {
			docs = append(docs, strings.TrimSpace(text[begin:end]))
			begin, want = end, target()
		}
	}
	if rest := strings.TrimSpace(text[begin:]); len(rest) >= minDocument {
		docs = append(docs, rest)
	}
	return docs
}

// generated returns n documents in all languages by turns; the texts of a seed are always the same.
func generated(seed uint64, n int) []Document {
	docs := make([]Document, n)
	for i := range docs {
		docs[i] = generatedDocument(seed, i)
	}
	return docs
}

func generatedDocument(seed uint64, i int) Document {
	r := rand.New(rand.NewPCG(seed, uint64(i)))
	language := Languages[r.IntN(len(Languages))]
	return Document{
		ID:       fmt.Sprintf("generated-%d-%d", seed, i),
		Language: language,
		Text:     strings.TrimSpace(Prose(language, r.Uint64(), 1000+r.IntN(5000))),
	}
}

// injected are the edits of the copies that stand in a corpus.
var injected = []string{"headline", "words", "paragraph", "headline+words+paragraph"}

// withCopies shuffles documents and puts after every nine an edited copy of an earlier one,
// so that every prefix of the corpus is a corpus of the same kind.
func withCopies(docs []Document, seed uint64) []Document {
	r := rand.New(rand.NewPCG(seed, 2))
	r.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
	out := make([]Document, 0, len(docs)+len(docs)/9)
	for i, d := range docs {
		out = append(out, d)
		if i%9 != 8 {
			continue
		}
		source, edit := docs[r.IntN(i+1)], injected[r.IntN(len(injected))]
		out = append(out, Document{
			ID:       fmt.Sprintf("copy-%d", i/9),
			Language: source.Language,
			Text:     Edit(edit, source.Text, docs[r.IntN(i+1)].Text, r),
			Source:   source.ID,
			Edit:     edit,
		})
	}
	return out
}
