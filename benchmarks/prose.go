package main

import (
	"math/rand/v2"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const english = `the of and to a in that it is was he for on with as his they be at one have this from or had by not
but what some we can out other were all there when up use your how said an each she which do their time if will way
about many then them write would like so these her long make thing see him two has look more day could go come did
number sound no most people my over know water than call first who may down side been now find any new work part take
get place made live where after back little only round man year came show every good me give our under name very
through just form sentence great think say help low line differ turn cause much mean before move right boy old too
same tell does set three want air well also play small end put home read hand port large spell add even land here must
big high such follow act why ask men change went light kind off need house picture try us again animal point mother
world near build self earth father head stand own page should country found answer school grow study still learn plant
cover food sun four between state keep eye never last let thought city tree cross farm hard start might story saw far
sea draw left late run while press close night real life few north open seem together next white children begin got
walk example ease paper group always music those both mark often letter until mile river car feet care second book
carry took science eat room friend began idea fish mountain stop once base hear horse cut sure watch color face wood
main enough plain girl usual young ready above ever red list though feel talk bird soon body dog family direct pose
leave song measure door product black short numeral class wind question happen complete ship area half rock order fire
south problem piece told knew pass since top whole king space heard best hour better true during hundred five remember
step early hold west ground interest reach fast verb sing listen six table travel less morning ten simple several
vowel toward war lay against pattern slow center love person money serve appear road map rain rule govern pull cold
notice voice unit power town fine certain fly fall lead cry dark machine note wait plan figure star box noun field
rest correct able pound done beauty drive stood contain front teach week final gave green quick develop ocean warm`

const chinese = `的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所
然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第
公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代
内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报
才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像
难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔`

const russian = `на по не за от до об при про со во под над без для ко ста ро ра го во но то ли ни ре ла ка ва не ри та те де
ло ко по на ма ми мо му са се си со су да до ду ды же жи за зе зо ба бо бу бы ца це чи ча ше ши ще ха хо ху пе пи пу ры ру ты ту ве ви вы`

const japanese = `の に は を た が で て と し れ さ ある いる も する から な こと として い や など なっ ない この ため その あっ よう また もの
日 本 東 京 大 学 時 間 人 年 月 会 社 国 家 政 治 経 済 地 方 市 町 村 駅 線 道 路 山 川 水 木 花 火 金 土 気 車 電 話 番 組 作 品 音 楽 映 画
コ ン ピ ュ ー タ ス ト ラ イ フ ァ ル メ モ リ ネ ワ ク`

const korean = `이 그 저 것 수 등 들 및 년 월 일 사 람 나 라 시 간 문 제 정 부 경 기 지 방 학 교 생 활 운 동 대 한 민 국 서 울 부 산 전 자 신 문
은 는 을 를 의 에 서 로 와 과 도 만 까 지 부 터 하 다 되 었 습 니 고 며 면 려 해 한 할 함 있 없 같 보 주 오 가 르 리 음 식 물 건 강 화 면 파 일 설 명`

// Languages are those in which Prose writes.
var Languages = []string{"english", "chinese", "japanese", "korean", "russian"}

// A vocabulary is the words of a language, most frequent first.
type vocabulary struct {
	words              []string
	space, comma, stop string
}

const vocabularySize = 30_000

// vocabularyOf makes words of one to three of the pieces of a language.
var vocabularyOf = func() map[string]func() vocabulary {
	pieces := map[string][]string{
		"english":  strings.Fields(english),
		"chinese":  strings.Split(strings.ReplaceAll(chinese, "\n", ""), ""),
		"japanese": strings.Fields(japanese),
		"korean":   strings.Fields(korean),
		"russian":  strings.Fields(russian),
	}
	of := map[string]func() vocabulary{}
	for language, pieces := range pieces {
		of[language] = sync.OnceValue(func() vocabulary {
			v := vocabulary{words: append([]string(nil), pieces...), space: " ", comma: ", ", stop: ". "}
			if language == "chinese" || language == "japanese" {
				v.space, v.comma, v.stop = "", "，", "。"
			}
			r := rand.New(rand.NewPCG(1, 1))
			for len(v.words) < vocabularySize {
				var word string
				for range 2 + r.IntN(2) {
					word += pieces[r.IntN(len(pieces))]
				}
				v.words = append(v.words, word)
			}
			return v
		})
	}
	return of
}()

// Prose returns about n bytes of text in words drawn with the frequencies of Zipf's law, in
// sentences and paragraphs below a headline.
func Prose(language string, seed uint64, n int) string {
	r := rand.New(rand.NewPCG(seed, 0))
	v := vocabularyOf[language]()
	zipf := rand.NewZipf(r, 1.1, 8, uint64(len(v.words)-1))
	var b strings.Builder
	b.Grow(n + 256)
	sentence := func(length int, stop string) {
		for i := range length {
			word := v.words[zipf.Uint64()]
			if i == 0 {
				first, size := utf8.DecodeRuneInString(word)
				word = string(unicode.ToUpper(first)) + word[size:]
			}
			b.WriteString(word)
			switch {
			case i == length-1:
				b.WriteString(stop)
			case r.IntN(9) == 0:
				b.WriteString(v.comma)
			default:
				b.WriteString(v.space)
			}
		}
	}
	sentence(4+r.IntN(6), "\n\n")
	for i := 1; b.Len() < n; i++ {
		sentence(6+r.IntN(20), v.stop)
		if i%6 == 0 {
			b.WriteString("\n\n")
		}
	}
	return b.String()
}
