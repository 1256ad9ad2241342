package charset

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

var texts = map[string]string{
	"gb18030":      "村里的小学只有三十一名学生，却有一台望远镜。天气好的晚上，孩子们轮流来看月亮，老师说，他们中有人以后会成为科学家。",
	"big5":         "村裡的小學只有三十一名學生，卻有一台望遠鏡。天氣好的晚上，孩子們輪流來看月亮，老師說，他們中有人以後會成為科學家。",
	"shift_jis":    "村の小学校には生徒が三十一人しかいないが、望遠鏡が一台ある。晴れた夜には子どもたちが順番に月をながめている。",
	"euc-jp":       "駅前の本屋は先月で店を閉じた。最後の日には、昔からの客が次々と訪れて、主人と話をしていたという。",
	"euc-kr":       "마을 학교에는 학생이 서른한 명뿐이지만 망원경이 한 대 있다. 맑은 밤이면 아이들은 차례로 달을 보고 이야기를 나눈다.",
	"windows-1251": "В сельской школе всего тридцать один ученик, но есть телескоп. В ясные вечера дети по очереди смотрят на луну.",
	"koi8-r":       "На вокзале закрылся книжный магазин. В последний день пришли старые покупатели и долго говорили с хозяином.",
	"windows-1252": "L’école du village n’a que trente et un élèves, mais elle possède un télescope. Les soirs d’été, les enfants regardent la lune à tour de rôle.",
	"windows-1250": "Vesnická škola má jen třicet jedna žáků, ale má také dalekohled. Za jasných večerů se děti střídají a dívají se na měsíc.",
	"windows-1253": "Το σχολείο του χωριού έχει μόνο τριάντα έναν μαθητές, αλλά έχει και ένα τηλεσκόπιο που βλέπει το φεγγάρι.",
	"windows-1255": "בבית הספר של הכפר לומדים רק שלושים ואחד תלמידים, אבל יש בו טלסקופ והם מביטים בירח.",
	"windows-1256": "في مدرسة القرية واحد وثلاثون تلميذا فقط، لكن فيها منظار ينظر منه الأطفال إلى القمر في الليالي الصافية.",
	"windows-874":  "โรงเรียนในหมู่บ้านมีนักเรียนเพียงสามสิบเอ็ดคน แต่มีกล้องดูดาวหนึ่งตัว ในคืนที่ท้องฟ้าแจ่มใส เด็กๆ ผลัดกันมองดูดวงจันทร์",
	"utf-8":        "The café has “two” doors. 村の小学校",
}

// sentences are texts of our own in the encodings that were customary for their languages.
var sentences = []struct {
	language, text string
	encodings      []string
}{
	{"Portuguese", "A informação sobre a estação e a ligação da secção norte não está na direcção dos serviços de manutenção.", []string{"windows-1252", "iso-8859-15", "macintosh"}},
	{"Italian", "La città è già piena di gente perché domani c’è la festa; più tardi verrà anche il sindaco.", []string{"windows-1252", "macintosh"}},
	{"French", "Le bac va à Nantes, à Brest et à Vannes; il est très apprécié des élèves dès le mois de février.", []string{"windows-1252", "iso-8859-15", "macintosh"}},
	{"Spanish", "La estación más próxima está a unos kilómetros; allí el niño compró también una guía de montaña.", []string{"windows-1252", "iso-8859-15"}},
	{"German", "Über die Brücke führt ein Weg für Fußgänger, der im Frühjahr häufig gesperrt werden muß.", []string{"windows-1252", "macintosh"}},
	{"Swedish", "På våren går båten från ön varje morgon, även när vädret är dåligt och sjön är hög.", []string{"windows-1252"}},
	{"Czech", "Vesnická škola má jen třicet jedna žáků, ale má také dalekohled pro jasné večery.", []string{"windows-1250", "iso-8859-2"}},
	{"Polish", "Wieś leży nad rzeką, więc dzieci chodzą do szkoły łąką i wracają późno, gdy już się ściemnia.", []string{"windows-1250", "iso-8859-2"}},
	{"Hungarian", "A faluban élő gyerekek az őszi szünetben gyűjtöttek gesztenyét, és megsütötték a tűznél.", []string{"windows-1250", "iso-8859-2"}},
	{"Romanian", "În sat a fost deschisă o bibliotecă nouă, iar copiii vin în fiecare seară să citească povești.", []string{"iso-8859-16"}},
	{"Turkish", "Köydeki öğrenciler akşamları gökyüzüne bakıyor, öğretmen de onlara yıldızları gösteriyor.", []string{"windows-1254"}},
	{"Lithuanian", "Kaimo mokykloje mokosi trisdešimt vienas mokinys, o vakarais jie žiūri į žvaigždes.", []string{"windows-1257", "iso-8859-13"}},
	{"Russian", "В сельской школе всего тридцать один ученик, но есть телескоп. В ясные вечера дети смотрят на луну.", []string{"windows-1251", "koi8-r", "iso-8859-5", "ibm866", "x-mac-cyrillic"}},
	{"Ukrainian", "У сільській школі лише тридцять один учень, але є телескоп, і ясними вечорами діти дивляться на місяць.", []string{"windows-1251", "koi8-u", "iso-8859-5"}},
	{"Bulgarian", "В селското училище има само тридесет и един ученици, но имат телескоп и вечер гледат луната.", []string{"windows-1251", "iso-8859-5"}},
	{"Greek", "Το σχολείο του χωριού έχει μόνο τριάντα έναν μαθητές, αλλά έχει και ένα τηλεσκόπιο.", []string{"windows-1253", "iso-8859-7"}},
	{"Hebrew", "בבית הספר של הכפר לומדים רק שלושים ואחד תלמידים, אבל יש בו טלסקופ והם מביטים בירח.", []string{"windows-1255"}},
	{"Arabic", "في مدرسة القرية واحد وثلاثون تلميذا فقط، لكن فيها منظار ينظر منه الأطفال إلى القمر.", []string{"windows-1256", "iso-8859-6"}},
	{"Thai", "โรงเรียนในหมู่บ้านมีนักเรียนเพียงสามสิบเอ็ดคน แต่มีกล้องดูดาวหนึ่งตัว", []string{"windows-874"}},
}

// TestLanguages reads sentences and the same in capitals, undeclared and truly declared.
func TestLanguages(t *testing.T) {
	for _, s := range sentences {
		for _, name := range s.encodings {
			for _, text := range []string{s.text, strings.ToUpper(s.text)} {
				b, err := lookup(name).NewEncoder().Bytes([]byte(text))
				if err != nil {
					continue // a capital that the encoding lacks
				}
				if got, err := Decode(b, Options{}); err != nil || got.String != text {
					t.Errorf("%s in %s, undeclared: %v, %v", s.language, name, err, got)
				}
			}
		}
	}
}

// TestTruth has declarations that are true, of whatever is short or in capitals.
func TestTruth(t *testing.T) {
	for _, s := range sentences {
		for _, name := range s.encodings {
			words := strings.Fields(s.text)
			for _, text := range append([]string{s.text, strings.ToUpper(s.text), strings.Join(words[:2], " ")}, words...) {
				b, err := lookup(name).NewEncoder().Bytes([]byte(text))
				if err != nil {
					continue
				}
				page := `<html><meta charset="` + name + `"><p>` + string(b)
				xml := `<?xml version="1.0" encoding='` + name + `' ?>` + string(b)
				for _, in := range []struct{ b, header string }{{string(b), "text/html; charset=" + name}, {page, ""}, {xml, ""}} {
					got, err := Decode([]byte(in.b), Options{ContentType: in.header})
					if err != nil || !strings.HasSuffix(got.String, text) || strings.Contains(got.String, utf8Error) {
						t.Errorf("%s, %q in %s: %v, %v", s.language, text, name, err, got)
					}
				}
			}
		}
	}
}

const utf8Error = "\ufffd"

// TestUTF8AsDeclared has UTF-8 that is declared as whatever servers declare.
func TestUTF8AsDeclared(t *testing.T) {
	for _, text := range []string{"café", "© 2020 Häfele", "naïve – “quoted”", "Привет", "日本語", "한국어 키보드"} {
		for _, label := range []string{"iso-8859-1", "windows-1251", "gbk", "shift_jis", "euc-kr", "big5", "windows-874"} {
			if got, err := Decode([]byte(text), Options{ContentType: "text/html; charset=" + label}); err != nil || got.String != text {
				t.Errorf("%q declared %s: %v, %v", text, label, err, got)
			}
		}
	}
	for label, text := range map[string]string{"gbk": "茅台", "euc-kr": "키", "ibm866": "раз"} { // valid UTF-8 by accident
		b := encode(t, lookup(label), text)
		if got, err := Decode(b, Options{ContentType: "text/html; charset=" + label}); !utf8.Valid(b) || err != nil || got.String != text {
			t.Errorf("%q in %s: %v, %v", text, label, err, got)
		}
	}
}

func TestRefused(t *testing.T) {
	for in, name := range map[string]string{
		"\xff\xfe\x00\x00a\x00\x00\x00":              "utf-32le",
		"\x00\x00\xfe\xff\x00\x00\x00a":              "utf-32be",
		"a\x00\x00\x00b\x00\x00\x00\x2d\x4e\x00\x00": "utf-32le",
		"\x00\x00\x00a\x00\x00\x00b":                 "utf-32be",
		"\x1b$)C\x0e0!3*\x0f":                        "iso-2022-kr",
		"\x1b$)A\x0e=;;;\x0f":                        "iso-2022-cn",
	} {
		_, err := Decode([]byte(in), Options{Page: true, Replace: true})
		var e *Error
		if !errors.As(err, &e) || !e.Unread || e.Encoding != name {
			t.Errorf("%q: %v, want %s", in, err, name)
		}
	}
	for _, in := range []string{"\xfa\xfb\xfc\xfd", strings.Repeat("\x80\xff\x01\xc3", 300), "a\x81\x8d\x8f\x90b"} {
		if got, err := Decode([]byte(in), Options{Page: true}); err == nil {
			t.Errorf("%q is %s %q", in, got.Encoding, got.String)
		}
	}
}

func TestHZ(t *testing.T) {
	const text = "从前有一个人, who had a dog，他们每天都去河边。"
	b := encode(t, lookup(hz), text)
	for _, header := range []string{"", "text/html; charset=hz-gb-2312"} {
		if got, err := Decode(b, Options{ContentType: header}); err != nil || got.String != text {
			t.Errorf("%q: %v, %v", header, err, got)
		}
	}
	const code = "a ~{ b[0x12], ~} in a language of ~{braces~}"
	if got, err := Decode([]byte(code), Options{}); err != nil || got.String != code {
		t.Errorf("%v, %v", err, got)
	}
}

// TestInvalid has pages with a wrong byte, and with too many.
func TestInvalid(t *testing.T) {
	utf8Page := "<meta charset=utf-8>" + strings.Repeat("<p>Die Brücke über den Fluß wäre schön.", 50)
	gbk := "<meta charset=gbk>" + string(encode(t, lookup("gbk"), strings.Repeat(texts["gb18030"], 10)))
	for name, in := range map[string]string{
		"UTF-8":            utf8Page + "\xff<p>e\xcc\x81nde",
		"undeclared":       utf8Page[20:] + "\xe4\xbd<p>Ende",
		"ASCII":            "<meta charset=utf-8>" + strings.Repeat("<p>The ferry returns to its old timetable.", 40) + "\xa0\x81",
		"GBK":              gbk + "\xff",
		"GBK, undeclared":  gbk[18:] + "\xff\xff",
		"windows-1253":     "<meta charset=windows-1253>" + string(encode(t, lookup("windows-1253"), strings.Repeat("<p>"+texts["windows-1253"], 5))) + "\xff",
		"UTF-16":           "\xff\xfe" + string(encode(t, lookup("utf-16le"), strings.Repeat("<p>abc", 90))) + "\x00\xd8",
		"truncated at end": utf8Page + "\xe4\xb8",
	} {
		b := []byte(in)
		if got, err := Decode(b, Options{}); err == nil {
			t.Errorf("%s: is no page, and is read as %s", name, got.Encoding)
		}
		got, err := Decode(b, Options{Page: true})
		if err != nil || !strings.Contains(got.String, utf8Error) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// Around the bad sequence the bytes stay.
		at := strings.Index(got.String, utf8Error)
		_, size := utf8.DecodeLastRuneInString(got.String[:at])
		left, err := got.Without([]Range{{at - size, at}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		raw := got.Raw(at-size, at)
		if want := in[:raw[0]] + in[raw[1]:]; string(left) != want {
			t.Errorf("%s: without the character before %d it is not as it was", name, at)
		}
	}
	bad := strings.Repeat("abc\xff", 100)
	if got, err := Decode([]byte(bad), Options{Page: true}); err == nil {
		t.Errorf("garbage is %q", got.String)
	}
	if got, err := Decode([]byte(bad), Options{Replace: true}); err != nil || !strings.HasPrefix(got.String, "abc\ufffdabc") {
		t.Errorf("%v, %v", got, err)
	}
	if got := Repair([]byte("a\xe4\xb8b\xf0\x9f\x98c\xc0\xafd\xed\xa0\x80")).String; got != "a\ufffdb\ufffdc\ufffd\ufffdd\ufffd\ufffd\ufffd" {
		t.Errorf("repaired: %+q", got)
	}
}

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDecode(t *testing.T) {
	for name, text := range texts {
		e := lookup(name)
		html := "<html><head><title>x</title></head><body><p>" + text + "</p>"
		for how, in := range map[string]struct{ text, header string }{
			"undeclared":      {text: text},
			"undeclared HTML": {text: html},
			"header":          {text: html, header: "text/html; charset=" + name},
			"meta":            {text: `<!doctype html><meta charset="` + name + `">` + html},
			"http-equiv":      {text: `<META HTTP-EQUIV=Content-Type CONTENT="text/html; charset=` + name + `">` + html},
			"unknown label":   {text: html, header: "text/html; charset=x-none"},
			"wrong label":     {text: html, header: "text/html; charset=utf-8"},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				got, err := Decode(encode(t, e, in.text), Options{ContentType: in.header})
				if err != nil || got.String != in.text {
					t.Fatalf("%v, %+v\nwant %s", err, got, in.text)
				}
			})
		}
	}
}

// TestLies has declarations that can't be true.
func TestLies(t *testing.T) {
	zh := encode(t, lookup("gb18030"), texts["gb18030"])
	for _, header := range []string{"text/html; charset=iso-8859-1", "text/html; charset=big5", "text/html; charset=shift_jis", "text/html; charset=utf-16", "nonsense"} {
		got, err := Decode(zh, Options{ContentType: header})
		if err != nil || got.String != texts["gb18030"] {
			t.Errorf("%s: %v, %v", header, got, err)
		}
	}
	for _, label := range []string{"gbk", "windows-1252", "utf-16le"} {
		got, err := Decode([]byte(texts["utf-8"]), Options{ContentType: "text/plain; charset=" + label})
		if err != nil || got.String != texts["utf-8"] {
			t.Errorf("UTF-8 that is declared %s: %v, %v", label, got, err)
		}
	}
}

// TestEscapes has Japanese in seven bits, which is valid UTF-8 too.
func TestEscapes(t *testing.T) {
	const text = "<p>村の小学校には望遠鏡が一台ある。"
	jis := encode(t, lookup("iso-2022-jp"), text)
	for _, header := range []string{"", "text/html", "text/html; charset=iso-2022-jp", "text/html; charset=utf-8"} {
		if got, err := Decode(jis, Options{ContentType: header}); err != nil || got.String != text {
			t.Errorf("%s: %v, %v", header, got, err)
		}
	}
	const other = "The sequence \x1b$B begins characters of JIS, as in 村."
	if got, err := Decode([]byte(other), Options{}); err != nil || got.String != other {
		t.Errorf("%v, %v", got, err)
	}
}

func TestByteOrder(t *testing.T) {
	for in, want := range map[string]string{
		"\xef\xbb\xbfé":                   "\ufeffé",
		"\xfe\xff\x00A\x4e\x2d":           "A中",
		"\xff\xfeA\x00\x2d\x4e":           "A中",
		"<\x00p\x00>\x00\x2d\x4e\x87\x65": "<p>中文",
		"\x00<\x00p\x00>\x4e\x2d":         "<p>中",
	} {
		if got, err := Decode([]byte(in), Options{}); err != nil || got.String != want {
			t.Errorf("%q: %v, %v", in, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	zh := encode(t, lookup("gb18030"), texts["gb18030"])
	for _, tt := range []struct {
		in, header string
		offset     int
		encoding   string
	}{
		{"caf\xe9\x81\xff", "", 3, "utf-8"},
		{string(zh) + "\xff\xff", "text/html; charset=gbk", len(zh), "gbk"},
		{string(zh[:20]) + "\xff\xff" + string(zh[20:]), "", 20, "gb18030"},
		{"\xfe\xff\x00A\xd8\x00\x00B", "", 4, "utf-16be"},
		{"\xff\xfeA\x00B", "", 4, "utf-16le"},
		{"\xef\xbb\xbfab\xff", "", 5, "utf-8"},
	} {
		got, err := Decode([]byte(tt.in), Options{ContentType: tt.header})
		var e *Error
		if !errors.As(err, &e) || e.Offset != tt.offset || e.Encoding != tt.encoding {
			t.Errorf("%q: %+v, %v, want byte %d in %s", tt.in, got, err, tt.offset, tt.encoding)
		}
	}
}

func TestRaw(t *testing.T) {
	for name, text := range texts {
		text = strings.Repeat(text, 100)
		e := lookup(name)
		got, err := Decode(encode(t, e, text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		var offsets, want []int
		raw := 0
		for i, r := range text {
			offsets, want = append(offsets, i), append(want, raw)
			raw += len(encode(t, e, string(r)))
		}
		for i, r := range got.Raw(offsets...) {
			if r != want[i] {
				t.Fatalf("%s: offset %d is at byte %d, want %d", name, offsets[i], r, want[i])
			}
		}
	}
}

func TestWithout(t *testing.T) {
	for name, text := range texts {
		e := lookup(name)
		got, err := Decode(encode(t, e, text), Options{})
		if err != nil {
			t.Fatal(err)
		}
		_, size := utf8.DecodeRuneInString(text)
		last := strings.LastIndex(text, " ")
		if last < 0 {
			last = len(text) - 3
		}
		left, err := got.Without([]Range{{0, size}, {last, len(text)}})
		if want := encode(t, e, text[size:last]); err != nil || string(left) != string(want) {
			t.Errorf("%s: %q, %v, want %q", name, left, err, want)
		}
	}
	// ISO-2022-JP switches to Japanese and back; without the switch it is something else.
	jis := encode(t, lookup("iso-2022-jp"), "ab日本語cd")
	got, err := Decode(jis, Options{ContentType: "text/html; charset=iso-2022-jp"})
	if err != nil || got.String != "ab日本語cd" {
		t.Fatal(got, err)
	}
	if left, err := got.Without([]Range{{0, 5}}); err == nil {
		t.Errorf("what is left is %q", left)
	}
}

func FuzzDecode(f *testing.F) {
	for name, text := range texts {
		b, err := lookup(name).NewEncoder().Bytes([]byte(text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, "text/html; charset="+name)
		f.Add(append(b[1:], 0xff, 0x1b, '$', 'B'), "text/html; charset=iso-2022-jp")
	}
	f.Fuzz(func(t *testing.T, b []byte, header string) {
		for _, o := range []Options{{ContentType: header}, {ContentType: header, Page: true}, {ContentType: header, Replace: true}} {
			got, err := Decode(b, o)
			var e *Error
			switch {
			case errors.As(err, &e):
				if e.Offset < 0 || e.Offset >= len(b) || b[e.Offset] != e.Byte {
					t.Fatalf("error at byte %d of %d", e.Offset, len(b))
				}
				if o.Replace && !e.Unread {
					t.Fatalf("%v, though all is replaced", err)
				}
			case err != nil:
				t.Fatal(err)
			default:
				checkText(t, got, b)
			}
		}
	})
}

// checkText holds a text against the bytes that it was decoded from.
func checkText(t *testing.T, got *Text, b []byte) {
	if !utf8.ValidString(got.String) {
		t.Fatal("not UTF-8")
	}
	var offsets []int
	for i := range got.String {
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(got.String))
	raw := got.Raw(offsets...)
	if !slices.IsSorted(raw) || raw[len(raw)-1] > len(b) {
		t.Fatalf("characters are at %v of %d", raw, len(b))
	}
	if all, err := got.Without(nil); err == nil && string(all) != string(b) {
		t.Fatal("without nothing it is something else")
	}
	from, to := len(offsets)/3, len(offsets)*2/3
	left, err := got.Without([]Range{{offsets[from], offsets[to]}})
	if want := string(b[:raw[from]]) + string(b[raw[to]:]); err == nil && string(left) != want {
		t.Fatalf("without characters %d to %d it is %q, want %q", from, to, left, want)
	}
}

func ExampleDecode() {
	t, _ := Decode([]byte("\xb4\xe5\xc0\xef\xb5\xc4\xd0\xa1\xd1\xa7\xa3\xac\xb4\xd3\xb4\xcb\xd3\xd0\xc1\xcb\xcd\xfb\xd4\xb6\xbe\xb5\xa1\xa3"), Options{})
	fmt.Println(t.Encoding, t.String)
	_, err := Decode([]byte("caf\xe9\x81\xff"), Options{})
	fmt.Println(err)
	// Output:
	// gb18030 村里的小学，从此有了望远镜。
	// byte 0xe9 at 3 is not valid in utf-8, and no other encoding fits
}

func BenchmarkDecode(b *testing.B) {
	for _, header := range []string{"", "text/html; charset=gb18030"} {
		in, err := lookup("gb18030").NewEncoder().Bytes([]byte(strings.Repeat(texts["gb18030"]+"\n", 200)))
		if err != nil {
			b.Fatal(err)
		}
		b.Run("header="+header, func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				if _, err := Decode(in, Options{ContentType: header}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
