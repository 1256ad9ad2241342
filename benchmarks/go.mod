module neardup/benchmarks

go 1.26.0

require (
	github.com/dgryski/go-metro v0.0.0-20250106013310-edb8663e5e33
	github.com/dgryski/go-minhash v0.0.0-20170608043002-7fe510aff544
	github.com/ekzhu/minhash-lsh v0.0.0-20171225071031-5c06ee8586a1
	github.com/gogs/chardet v0.0.0-20211120154057-b7413eaefb8f
	github.com/mfonda/simhash v0.0.0-20151007195837-79f94a1100d6
	github.com/valyala/fastjson v1.6.10
	github.com/wlynxg/chardet v1.0.5
	gonum.org/v1/plot v0.17.0
	neardup v0.0.0
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	golang.org/x/image v0.30.0 // indirect
)

require (
	github.com/dgryski/go-spooky v0.0.0-20170606183049-ed3d087f40e2 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0
)

replace neardup => ../
