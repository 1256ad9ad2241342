package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"neardup/internal/markup"
)

// packages of Debian whose pages make the corpus, with their language; a page of one in many
// languages says its own in the name of its folder.
var packages = []struct{ name, language string }{
	{"debian-handbook", ""},
	{"openjdk-17-doc", "en"},
	{"linux-doc-6.1", "en"},
	{"libreoffice-help-en-us", "en"},
	{"libreoffice-help-de", "de"},
	{"libreoffice-help-fr", "fr"},
	{"libreoffice-help-es", "es"},
	{"libreoffice-help-it", "it"},
	{"libreoffice-help-pl", "pl"},
	{"libreoffice-help-ru", "ru"},
	{"libreoffice-help-el", "el"},
	{"libreoffice-help-hi", "hi"},
	{"libreoffice-help-tr", "tr"},
	{"libreoffice-help-vi", "vi"},
	{"libreoffice-help-nl", "nl"},
	{"libreoffice-help-sv", "sv"},
	{"libreoffice-help-da", "da"},
	{"libreoffice-help-fi", "fi"},
	{"libreoffice-help-cs", "cs"},
	{"libreoffice-help-hu", "hu"},
	{"libreoffice-help-ca", "ca"},
	{"libreoffice-help-pt-br", "pt"},
	{"libreoffice-help-ko", "ko"},
	{"libreoffice-help-ja", "ja"},
	{"libreoffice-help-zh-cn", "zh"},
	{"libreoffice-help-zh-tw", "zh"},
	{"debian-reference-ja", "ja"},
	{"debian-reference-zh-cn", "zh"},
	{"debian-reference-en", "en"},
	{"debian-reference-de", "de"},
	{"aptitude-doc-ja", "ja"},
	{"aptitude-doc-ru", "ru"},
	{"debian-faq-ko", "ko"},
}

// debianDocuments downloads the packages into a folder, where they stay, and returns their
// pages cut into documents. A package that can't be had is left out, and named.
func debianDocuments(folder string, log func(format string, args ...any)) ([]Document, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return nil, err
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	from, errs := make([][]Document, len(packages)), make([]error, len(packages))
	var files []string
	for _, p := range packages {
		deb, err := download(folder, p.name)
		if err != nil {
			log("%s left out: %v (after apt-get update?)", p.name, err)
		}
		files = append(files, deb)
	}
	parallel(len(packages), func(worker func(do func(i int))) {
		worker(func(i int) {
			if files[i] != "" {
				from[i], errs[i] = packageDocuments(files[i], packages[i].name, packages[i].language)
			}
		})
	})
	return slices.Concat(from...), errors.Join(errs...)
}

func download(folder, name string) (string, error) {
	pattern := filepath.Join(folder, name+"_*.deb")
	if have, _ := filepath.Glob(pattern); len(have) > 0 {
		return have[0], nil
	}
	c := exec.Command("apt-get", "-q", "download", name)
	c.Dir = folder
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, lastLine(out))
	}
	have, err := filepath.Glob(pattern)
	if err != nil || len(have) == 0 {
		return "", errors.Join(err, fmt.Errorf("apt-get left no %s", pattern))
	}
	return have[0], nil
}

func lastLine(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// packageDocuments unpacks a package aside, installs nothing, and returns the text of its pages.
func packageDocuments(deb, name, language string) ([]Document, error) {
	root, err := os.MkdirTemp("", "neardup-benchmarks-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	if out, err := exec.Command("dpkg", "-x", deb, root).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("dpkg -x %s: %w: %s", deb, err, lastLine(out))
	}
	var docs []Document
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".html" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		page, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		page = name + "/" + strings.TrimPrefix(page, "usr/share/")
		l := language
		if l == "" {
			l = folderLanguage(page)
		}
		h := fnv.New64a()
		h.Write([]byte(page))
		text := strings.ToValidUTF8(markup.Parse(string(source)).Text, "\uFFFD")
		for i, text := range articles(text, rand.New(rand.NewPCG(h.Sum64(), 3))) {
			docs = append(docs, Document{ID: fmt.Sprintf("%s#%d", page, i+1), Language: l, Text: text})
		}
		return nil
	})
	return docs, err
}

// folderLanguage returns the language that a folder of the path is named by: "ja" of …/ja-JP/….
func folderLanguage(path string) string {
	for _, folder := range strings.Split(path, "/") {
		if language, region, ok := strings.Cut(folder, "-"); ok && len(language) == 2 && len(region) == 2 && region == strings.ToUpper(region) {
			return language
		}
	}
	return "other"
}
