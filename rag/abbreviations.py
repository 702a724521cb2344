"""Full stops that end no sentence: abbreviations, ordinals and initials, by language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """What a full stop means after a word, in one language.

    After one of ``before_names`` it ends no sentence: a name or an example
    follows. After one of ``before_numbers`` it ends none where a number follows.
    After one of ``others``, as after initials, it ends one only where one of
    ``openers`` follows, a word that likely begins a sentence. ``ordinals`` says
    that a number with a full stop is an ordinal, and counts as one of ``others``.
    """

    before_names: frozenset[str]
    before_numbers: frozenset[str]
    others: frozenset[str]
    openers: frozenset[str]
    ordinals: bool = False


def abbreviations(language: str | None) -> Abbreviations:
    """The abbreviations of texts in this language: those of English, with its own where they are known."""
    like = _LIKE.get(language or "", language)
    return _merged(like if like in _OWN else None)


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


_ENGLISH = Abbreviations(
    before_names=_words("""
        Adm Amb Atty Brig Capt Cllr Cmdr Col Cpl Det Dr Drs Fr Ft Gen Gov Hon Insp Lt Maj Messrs Mlle Mme Mr Mrs Ms
        Msgr Mt Pres Prof Pte Pvt Rep Reps Rev Sen Sens Sgt Spc Ste Supt cf e.g eg i.e ie viz vs
    """),
    before_numbers=_words("""
        Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun
        Art Ch Fig Figs No Nos Nr Op Sec Vol approx art ca est fig no nos p para pp sec vol
    """),
    others=_words("""
        Assn Ave Blvd Bros Co Corp Dept Dist Esq Est Inc Jr Ltd Ph.D Rd ST Sr St Univ al
        Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Md Mich Minn Miss Mo Mont Neb Nev Okla Ore Pa
        Tenn Tex Va Vt Wash Wis Wyo
    """),
    openers=_words("""
        A After All Also Although An And Another Any As At Because Before Both But By Despite During Each Even Every
        Few For From He Her Here His How However I If In Instead It Its Last Later Like Many Meanwhile More Moreover
        Most My Neither No Nor Not Now On Once One Only Or Others Our Over She Since So Some Still Such That The Their
        Then There These They This Those Though Thus To Today Two Under Unless Until We What When Where Whether Which
        While Who Why With Without Yesterday Yet You Your
    """),
)


@dataclass(frozen=True, slots=True)
class _Table:
    """What a language has besides the abbreviations of English, as words with blanks between them."""

    before_names: str = ""
    before_numbers: str = ""
    others: str = ""
    openers: str = ""
    ordinals: bool = False


_OWN: dict[str, _Table] = {
    "de": _Table(
        before_names="""
            Abb Abs Abt allg Bd bes bspw bzw ca d.h Dipl evtl Frl geb gegr ggf Hr Hrsg Ing inkl insb jew Mag max min
            mind Mio Mrd Nr nördl sog Std südl Tel Tsd u.a v.a vgl westl z.B z.T zzgl östl
        """,
        before_numbers="S Str",
        others="Chr etc Jh Jhd Str usf usw",
        openers="""
            Aber Alle Allerdings Als Am An Auch Auf Aus Außerdem Bei Beide Bis Da Dabei Dadurch Damit Danach Dann
            Darauf Darum Das Dass Dazu Dem Den Denn Der Des Deshalb Die Dies Diese Dieser Dieses Doch Dort Durch Ein
            Eine Einem Einen Einer Eines Einige Er Erst Es Für Gegen Gestern Heute Hier Ich Ihr Ihre Im In Jedoch
            Jetzt Kein Keine Man Mehr Mit Nach Nachdem Noch Nun Nur Ob Ohne Schon Sein Seine Seit Sie So Später Trotz
            Um Und Unser Unter Viele Vom Von Vor Was Weil Wenn Wer Wie Wir Wo Während Zu Zudem Zum Zur Zwar Zwei
            Zwischen Über
        """,
        ordinals=True,
    ),
    "fr": _Table(
        before_names="apr av boul chap Dr env Me Mgr Mlles MM Mmes p.ex Pr St Ste Sts éd",
        before_numbers="art n no p pp vol",
        others="etc",
        openers="""
            A Ainsi Alors Après Au Aujourd Aussi Aux Avant Avec Ce Cela Ces Cet Cette Chaque Comme D Dans De Depuis
            Des Deux Du Elle Elles En Entre Et Hier Il Ils J Je L La Le Les Leur Leurs Lors Lorsque Mais Malgré Même N
            Ni Nos Notre Nous On Or Ou Où Par Pendant Plus Plusieurs Pour Pourtant Puis Quand Que Qui S Sa Sans Selon
            Ses Si Son Sous Sur Tous Tout Toute Toutefois Toutes Très Un Une Vers Vous À Ç Ça
        """,
    ),
    "es": _Table(
        before_names="""
            aprox Cnel D Da dr Dra dra Dras Dres Dña EE Excmo Gral Ing Lic Mons p.ej Pbro Sr sr Sra sra Sras Sres sres
            Srta srta Sta Sto Ud Uds Vd Vds
        """,
        before_numbers="art arts núm núms pág págs vol",
        others="Cía etc S.A",
        openers="""
            A Además Ahora Al Algunos Antes Así Aunque Ayer Cada Como Con Cuando De Del Desde Después Dos Durante El
            Ella Ellas Ellos En Entre Era Es Esa Ese Eso Esta Estaba Estas Este Esto Estos Está Fue Ha Hasta Hay Hoy
            La Las Le Les Lo Los Luego Mientras Muchas Muchos Más Ni No Nos O Otra Otras Otro Otros Para Pero Por Que
            Quien Se Según Si Sin Sobre Su Sus También Tan Todas Todo Todos Tras Tres Un Una Unas Unos Y Ya Yo Él
        """,
    ),
    "pt": _Table(
        before_names="""
            aprox Av Cel Dna Dr dr Dra dra Dras Drs Eng Exma Exmo Gal Ilmo p.ex Prof Profa Sr sr Sra sra Sras Sres Srs
            Sta Sto
        """,
        before_numbers="art arts núm pág págs vol",
        others="Cia etc Ltda",
        openers="""
            A Agora Ainda Alguns Além Ao Aos Após As Assim Até Cada Com Como Da Das De Depois Desde Do Dois Dos
            Durante E Ela Elas Ele Eles Em Embora Enquanto Entre Era Essa Esse Esta Este Eu Foi Hoje Há Isso Isto Já
            Mais Mas Muitos Na Nas No Nos Não O Onde Ontem Os Ou Outra Outro Outros Para Pela Pelo Por Porém Quando
            Que Quem Se Segundo Sem Seu Seus Sob Sobre Sua Suas Também Todas Todo Todos Três Um Uma À Às É
        """,
    ),
    "it": _Table(
        before_names="""
            Arch Avv avv ca Card Cav Dott dott ecc Egr es Gen Geom Ing ing Mons On pag pagg Prof prof Proff Rag S sec
            Sen Sig sig Sig.na Sig.ra Sigg SS
        """,
        before_numbers="art artt n nn pag vol",
        others="ecc etc S.p.A",
        openers="""
            A Ad Ai Al Alcuni Alla Alle Altri Anche Ancora C Che Chi Ci Come Con Così Da Dai Dal Dalla Dei Del Della
            Delle Di Dopo Dove Due Durante E Eppure Era Fra Già Gli Ha I Ieri Il In Infatti Inoltre Io L La Le Lei Lo
            Loro Lui Ma Mentre Molti Ne Nei Nel Nella Nelle No Noi Non Nonostante O Oggi Ogni Ora Per Perché Però Più
            Poi Prima Quando Quella Quelle Quelli Quello Questa Queste Questi Questo Qui Se Secondo Senza Si Solo Sono
            Sotto Su Sua Sul Sulla Suo Tra Tutti Un Una Uno È
        """,
    ),
    "nl": _Table(
        before_names="""
            afb bijv blz bv ca Chr d.w.z Dhr dhr dr Drs drs Ds enz evt excl fa incl Ing Ir ir Jhr jhr jl jr Mej Mevr
            mevr Mgr mgr mld mln Mr mr Mw mw nl o.a o.m resp sr tel vgl z.g zgn
        """,
        before_numbers="art blz nr nrs p pag str",
        others="b.v enz etc n.v",
        openers="""
            Aan Al Alle Als Andere Bij Daar Daarna Daarom Dan Dat De Deze Die Dit Door Een Eerst Elk En Er Geen
            Gisteren Haar Had Heeft Het Hier Hij Hoe Hoewel Hun Ik In Is Je Maar Meer Men Met Na Naar Nadat Niet Nog
            Nu Of Om Omdat Onder Ook Op Over Pas Sinds Sommige Te Tegen Tijdens Toch Toen Tot Tussen Twee U Uit Van
            Vandaag Veel Volgens Voor Waar Wanneer Want Was Wat We Wel Wie Wij Zal Ze Zij Zijn Zo Zonder
        """,
    ),
    "sv": _Table(
        before_names="""
            bl.a ca d.v.s dr dvs ev exkl f.d f.ö fr.o.m Hr inkl jfr m.a.o m.fl mf o.d osv prof resp s.k st t.ex t.o.m
        """,
        before_numbers="kap kl nr s st tel",
        others="bl.a Chr etc m.m osv",
        openers="""
            Alla Att Av Bara De Den Denna Dessa Det Detta Dock Du Där Därför Då Efter En Enligt Ett Från För Genom Han
            Hans Har Hon Hur Här I Idag Igår Ingen Innan Jag Kanske Med Medan Men Mot Många Nu När Och Också Om På
            Samtidigt Sedan Senare Som Så Sådan Till Trots Två Under Utan Vad Var Vi Vid Är Även Över
        """,
    ),
    "da": _Table(
        before_names="""
            bl.a ca d.v.s dr dvs ekskl evt f.eks fhv fr hhv hr inkl jf kgl m.a.o m.fl m.h.t mht mia mio mrd mv o.lign
            osv pga prof red skt sml vha
        """,
        before_numbers="kap kl nr pkt s stk str tlf",
        others="Chr etc m.m mv osv",
        openers="""
            Af Alle At Da De Den Denne Der Derfor Desuden Det Dette Disse Du Efter En Er Et For Fra Før Han Hans Har
            Her Hun Hvad Hver Hvis Hvor I Ifølge Igen Ikke Imens Ingen Jeg Kun Man Mange Med Men Mens Mod Nu Når Og
            Også Om På Samtidig Senere Siden Som Så Til To Trods Under Ved Vi
        """,
        ordinals=True,
    ),
    "no": _Table(
        before_names="""
            bl.a ca d.v.s dr dvs ekskl evt f.eks hhv inkl jf kgl m.a.o m.fl mht mill mrd osv pga prof red skt tlf
        """,
        before_numbers="kap kl nr pkt s str tlf",
        others="Chr etc m.m mv osv",
        openers="""
            Alle At Av Bare Da De Den Denne Der Derfor Dessuten Det Dette Disse Du Eller En Er Et Etter For Fra Før
            Han Hans Har Her Hun Hva Hver Hvis Hvor I Ifølge Ikke Ingen Jeg Kun Man Mange Med Men Mens Mot Nå Når Og
            Også Om På Samtidig Senere Siden Som Så Til To Tross Under Ved Vi
        """,
        ordinals=True,
    ),
    "fi": _Table(
        before_names="esim huom ml mm ns nyk oik os ro s.o synt tms toim ts v vrt",
        before_numbers="klo n nro s",
        others="eaa eKr jaa jKr jne",
        openers="""
            Ei En Enemmän Ennen Entä He Heidän Hän Hänen Häntä Ja Jo Jokainen Jos Jotkut Kaikki Kaksi Koska Kuin Kuka
            Kun Kuten Lisäksi Lopuksi Me Miksi Mikä Missä Miten Monet Mutta Muut Myöhemmin Myös Ne Niiden Niin Niitä
            Nyt Näin Oli On Ovat Sama Samalla Se Sekä Sen Siellä Siihen Siitä Siksi Silloin Sillä Silti Sitten Sitä
            Suuri Tai Te Toinen Tuolloin Tällöin Tämä Tämän Tänä Tästä Tätä Uusi Vaikka Vain Viime Voi Vuonna Yksi
        """,
        ordinals=True,
    ),
    "pl": _Table(
        before_names="""
            al bp dr gen hab im inż kard kpt ks lic m.in mgr mjr mld mln np ok os p.o pl por pp prof przyp pt płk red
            reż rtm sp tel tj tys tzn tzw ub ul woj wyd zob św
        """,
        before_numbers="art godz nr poz rys s str t ust",
        others="Chr itd itp n.e p.n.e r w",
        openers="""
            A Aby Ale Bez By Był Była Było Były Choć Co Czy Dla Do Dziś Gdy Gdyby I Ich Jak Jednak Jego Jej Jest Już
            Kiedy Kto Która Które Który Lecz Mimo Może My Na Nad Nie Niektóre Nikt O Obecnie Od On Ona One Oni Ono
            Oraz Po Pod Podczas Ponadto Potem Poza Przed Przez Przy Sam Są Ta Tak Także Tam Te Ten Teraz To Tu Tutaj
            Tylko Tym Tymczasem W Wczoraj We Według Wiele Wielu Więc Wszyscy Wszystkie Wówczas Z Za Ze Został Została
            Że
        """,
        ordinals=True,
    ),
    "cs": _Table(
        before_names="""
            atp cca doc dr gen Ing ing kap kol kpt kupř max Mgr mgr mil mimo min mj mjr mld MUDr např odst parc plk
            por pozn prof prom pí red resp st stol sv tis tj tzn tzv zejm
        """,
        before_numbers="cca obr odst r roč s str sv č čl čís",
        others="apod atd etc Kr l n.l",
        openers="""
            A Aby Ale Ani Až Bez Byl Byla Bylo Byly Během Co Což Další Dnes Do Dva Ho I Jak Jako Je Jeden Jeho Jejich
            Její Jejího Již Jsou Já K Kde Kdo Když Kromě Která Které Který Mezi Mnoho My Na Nad Ne Nebo Nejsou Není
            Nyní O Od On Ona Oni Ono Po Pod Podle Pokud Poté Pouze Pravděpodobně Pro Proti Proto Protože Před Přes Při
            S Se Si Stejně Ta Tady Tak Také Tam Tato Ten Tento Teď To Toto Tyto U Už V Ve Více Však Všechny Z Za Ze Že
        """,
        ordinals=True,
    ),
    "ru": _Table(
        before_names="""
            акад англ букв бул гг гл гос д-р доц ев им исп итал корп лат латв мин млн млрд нем обл пер пл пос пр просп
            проф р-н ред род рус св см соч ср ст т.е т.к т.н т.ч тел тыс ул франц чл
        """,
        before_numbers="гл им кв п пп рис с см ст стр табл тел",
        others="г гг др коп н.э пр руб т.д т.п",
        openers="""
            А Без Более Был Была Были Было В Вместе Во Вот Все Всё Вчера Где Да Для До Его Если Ещё Её За Затем Здесь
            И Из Им Именно Их К Каждый Как Какой Когда Который Кроме Кто Мы На Над Нам Например Не Несмотря Ни Но Ну О
            Об Однако Он Она Они Оно От Очень Перед По Под Позже Пока После Потом При Про С Сегодня Сейчас Со Согласно
            Так Также Там Тем То Тогда Того Только У Уже Что Чтобы Эта Эти Это Этот Я
        """,
    ),
    "uk": _Table(
        before_names="""
            акад англ бул вид вул див доц ел заст зб исп кн лат млн млрд нім обл пл пор пос прим пров просп проф рос
            св смт ст т.зв тел тис тов франц ім ін ісп
        """,
        before_numbers="гл див кв п пп рис с ст стор табл тел іл",
        others="грн коп н.е р рр т.д т.п ін",
        openers="""
            А Або Але Б Без Був Була Були Було В Вже Вона Вони Воно Все Вчора Від Він Де Для До З За Зараз Згідно Й
            Його Кожен Коли Крім Ми На Навіть Над Не Ні О Об Однак Окрім Перед По Потім При Про Проте Під Після Разом
            Сьогодні Та Так Також Там Те Тим То Тоді Тому У Усі Хоча Це Цей Ця Ці Через Що Щоб Я Як Який Якщо І Із Їх
            Її
        """,
    ),
    "tr": _Table(
        before_names="""
            age Alb Av Bkz bkz bs Cad Doç Gen haz krş mad Mah Müh no Org Ort s sf Sn Sok Tuğg vd vs Yrd yy Yzb çev ör
            örn
        """,
        before_numbers="no s sf",
        others="M.S M.Ö vb vs",
        openers="""
            Ama Ancak Ardından Artık Ayrıca Bazı Ben Bir Birçok Biz Bu Bugün Buna Bunlar Bununla Böylece Bütün Daha
            Diğer Dün En Eğer Fakat Gibi Hem Her Hiç İki İlk İse Kim Ne Neden O Ona Ondan Onlar Onun Oysa Siz Son
            Sonra Tüm Ve Veya Yani Yeni Yine Çok Çünkü Şimdi
        """,
        ordinals=True,
    ),
    "hu": _Table(
        before_names="b.e Dr dr id ifj ill kb kft kor krt n ny nyrt ok pl Prof prof sz szül tel vö zrt ált özv ún",
        before_numbers="kb o old sz",
        others="Kft Kr Rt stb u Zrt",
        openers="""
            A Ahhoz Aki Akik Ami Amikor Az Azok Azonban Azt Azért Bár Csak De Ebben Egy Először Ez Ezek Ezen Ezt
            Ezután Ezért Ha Hiszen Hogy Ki Később Két Mert Mi Mint Most Már Nem Nincs Sem Sok Szerinte Tegnap Több
            Ugyanakkor Utána Van Volt Végül És Így Ő Ők
        """,
        ordinals=True,
    ),
    "ro": _Table(
        before_names="bd col d-l d-na Dl dl Dna dna Dr dr gen Ing ing mil mld mr Prof prof Sf Sft St str",
        before_numbers="al art nr p pag",
        others="Cr d.Hr e.n etc î.e.n î.Hr ș.a",
        openers="""
            A Aceasta Această Acest Aceste Acum Ai Alte Am Apoi Ar Are Asta Atunci Au Aș Ca Care Ce Cei Cele Cine Cu
            Cum Când Dacă Dar De Deși Din Doi După Ea Ei El Ele Este Eu Fără Iar Ieri La Le Mai Mulți Nici Noi Nu O Pe
            Pentru Potrivit Prin Până S Sa Sau Se Sub Sunt Său Toate Totuși Toți Trei Un Una Unde Unii Unul În Înainte
            Încă Și
        """,
    ),
    "el": _Table(
        before_names="Αγ αγ αρ βλ γεν δηλ Δρ δρ εκ εκατ κ κα Καθ κκ Κος λ.χ π.χ πλ σ στρ συν τηλ",
        before_numbers="άρθρ αρ σ σελ τηλ",
        others="κ.ά κ.λπ κλπ κτλ μ.μ π.μ Χρ",
        openers="""
            Ένα Ένας Ήταν Αλλά Αν Από Αυτά Αυτή Αυτό Αυτός Για Δεν Εάν Είναι Εκεί Εν Ενώ Επίσης Η Θα Κάθε Και Κατά Μία
            Με Μετά Μια Ο Οι Οταν Παρά Πολλοί Που Πριν Πως Σήμερα Σε Στα Στη Στην Στις Στο Στον Στους Τα Τη Την Της Τι
            Τις Το Τον Του Τους Των Τότε Τώρα Υπάρχει Χθες Χωρίς Ως Ωστόσο Όλα Όλοι Όμως Όπως Όσο Όταν Ώστε
        """,
    ),
    "id": _Table(
        before_names="Bpk dll dr Drs dsb dst Hj Ir Jl jl Kol Kpt Ny Sdr Tn",
        before_numbers="hal hlm no tel",
        others="dll Tbk",
    ),
    "vi": _Table(
        before_names="BS GS KS PGS Th.S ThS TP Tp tr TS",
        before_numbers="tr",
        others="v.v",
    ),
}
# Languages that share the abbreviations of another.
_LIKE = {"ms": "id", "sk": "cs", "ca": "es", "gl": "es"}


@cache
def _merged(language: str | None) -> Abbreviations:
    if language is None:
        return _ENGLISH
    own = _OWN[language]
    return Abbreviations(
        before_names=_ENGLISH.before_names | _words(own.before_names),
        before_numbers=_ENGLISH.before_numbers | _words(own.before_numbers),
        others=_ENGLISH.others | _words(own.others),
        openers=_ENGLISH.openers | _words(own.openers),
        ordinals=own.ordinals,
    )
