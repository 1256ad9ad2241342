package charset

import (
	"errors"
	"fmt"
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
				got, err := Decode(encode(t, e, in.text), in.header)
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
		got, err := Decode(zh, header)
		if err != nil || got.String != texts["gb18030"] {
			t.Errorf("%s: %v, %v", header, got, err)
		}
	}
	for _, label := range []string{"gbk", "windows-1252", "utf-16le"} {
		got, err := Decode([]byte(texts["utf-8"]), "text/plain; charset="+label)
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
		if got, err := Decode(jis, header); err != nil || got.String != text {
			t.Errorf("%s: %v, %v", header, got, err)
		}
	}
	const other = "The sequence \x1b$B begins characters of JIS, as in 村."
	if got, err := Decode([]byte(other), ""); err != nil || got.String != other {
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
		if got, err := Decode([]byte(in), ""); err != nil || got.String != want {
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
		got, err := Decode([]byte(tt.in), tt.header)
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
		got, err := Decode(encode(t, e, text), "")
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
		got, err := Decode(encode(t, e, text), "")
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
	got, err := Decode(jis, "text/html; charset=iso-2022-jp")
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
		got, err := Decode(b, header)
		var e *Error
		switch {
		case errors.As(err, &e):
			if e.Offset < 0 || e.Offset >= len(b) || b[e.Offset] != e.Byte {
				t.Fatalf("error at byte %d of %d", e.Offset, len(b))
			}
		case err != nil:
			t.Fatal(err)
		default:
			if !utf8.ValidString(got.String) {
				t.Fatal("not UTF-8")
			}
			if ends := got.Raw(0, len(got.String)); ends[0] > ends[1] || ends[1] > len(b) {
				t.Fatalf("text is at %v of %d", ends, len(b))
			}
		}
	})
}

func ExampleDecode() {
	t, _ := Decode([]byte("\xb4\xe5\xc0\xef\xb5\xc4\xd0\xa1\xd1\xa7\xa3\xac\xb4\xd3\xb4\xcb\xd3\xd0\xc1\xcb\xcd\xfb\xd4\xb6\xbe\xb5\xa1\xa3"), "")
	fmt.Println(t.Encoding, t.String)
	_, err := Decode([]byte("caf\xe9\x81\xff"), "")
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
				if _, err := Decode(in, header); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
