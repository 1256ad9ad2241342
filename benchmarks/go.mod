module neardup/benchmarks

go 1.26.0

require (
	github.com/mfonda/simhash v0.0.0-20151007195837-79f94a1100d6
	neardup v0.0.0
)

require golang.org/x/text v0.43.0 // indirect

replace neardup => ../
