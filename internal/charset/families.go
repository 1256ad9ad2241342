package charset

import "slices"

// A family is an encoding that is looked for, the languages that are written in it, and how
// much more likely text must be in it than in another.
type family struct {
	name      string
	languages []string
	rare      float32
}

var (
	westernEuropean = []string{"en", "fr", "de", "es", "pt", "it", "nl", "ca", "gl", "sv", "da", "nb", "fi", "is", "ga", "id"}
	centralEuropean = []string{"pl", "cs", "sk", "hu", "ro", "hr", "sl", "sq", "de"}
	baltic          = []string{"lt", "lv", "et"}
	russian         = []string{"ru", "bg"}
	ukrainian       = []string{"uk", "be"}
	cyrillic        = []string{"ru", "uk", "be", "bg", "sr", "mk"}
)

var families = []family{
	{"windows-1252", westernEuropean, 0},
	{"iso-8859-15", slices.Concat(westernEuropean, []string{"et"}), 2},
	{"macintosh", westernEuropean, 4},
	{"windows-1250", centralEuropean, 0},
	{"iso-8859-2", centralEuropean, 1},
	{"iso-8859-16", []string{"ro"}, 3},
	{"windows-1254", []string{"tr"}, 1},
	{"windows-1257", baltic, 1},
	{"iso-8859-13", baltic, 2},
	{"iso-8859-4", baltic, 4},
	{"windows-1258", []string{"vi"}, 2},
	{"windows-1251", cyrillic, 0},
	{"koi8-r", russian, 1},
	{"koi8-u", ukrainian, 1},
	{"iso-8859-5", cyrillic, 2},
	{"ibm866", russian, 3},
	{"x-mac-cyrillic", cyrillic, 4},
	{"windows-1253", []string{"el"}, 0},
	{"iso-8859-7", []string{"el"}, 1},
	{"windows-1255", []string{"he"}, 0},
	{"windows-1256", []string{"ar", "fa"}, 0},
	{"iso-8859-6", []string{"ar"}, 2},
	{"windows-874", []string{"th"}, 0},
	{"gb18030", []string{"zh", "zht"}, 0},
	{"big5", []string{"zht"}, 0},
	{"shift_jis", []string{"ja"}, 0},
	{"euc-jp", []string{"ja"}, 0},
	{"euc-kr", []string{"ko"}, 0},
}
