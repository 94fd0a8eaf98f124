"""Invented people: given and family names combined, each with how it is written in Latin letters "
"for mail."""

import unicodedata
from random import Random

import msgspec

# `native:latin`, or one word that is both. Male, female, family; what the family of a woman adds.
_NAMES: dict[str, tuple[str, str, str, str]] = {
    "nigerian": (
        "Chinedu Emeka Tunde Segun Musa Ibrahim Obinna Femi Kelechi Yusuf Bayo Ikenna Uche Sani Dele Efe",
        "Amina Ngozi Funke Adaeze Bisi Zainab Chioma Yetunde Halima Ifeoma Kemi Nneka Sade Rahila Temi Uju",
        "Okafor Adeyemi Balogun Eze Bello Nwosu Ogunleye Danjuma Okoro Adebayo Lawal Obi Afolabi Garba Udo "
        "Ekpo Onyeka Shittu Alabi Ibekwe",
        "",
    ),
    "indian": (
        "अमित:amit राजेश:rajesh सुनील:sunil विजय:vijay मनोज:manoj दीपक:deepak अरुण:arun संजय:sanjay "
        "राहुल:rahul महेश:mahesh रमेश:ramesh अनिल:anil",
        "सुनीता:sunita कविता:kavita पूजा:pooja गीता:geeta रेखा:rekha सीमा:seema मीना:meena लक्ष्मी:lakshmi "
        "आशा:asha राधा:radha किरण:kiran शांति:shanti नीतू:neetu सरिता:sarita",
        "शर्मा:sharma वर्मा:verma यादव:yadav गुप्ता:gupta सिंह:singh कुमार:kumar मिश्रा:mishra पटेल:patel "
        "चौहान:chauhan तिवारी:tiwari जोशी:joshi राजपूत:rajput पांडेय:pandey सोनी:soni साहू:sahu "
        "मौर्य:maurya",
        "",
    ),
    "indian_latin": (
        "Arjun Rohan Vikram Suresh Naveen Karthik Imran Joseph Harish Ganesh",
        "Anjali Priya Divya Sneha Fatima Meera Lalitha Nisha Swati Rekha",
        "Nair Menon Iyer Reddy Desai Khan Fernandes Kulkarni Bose Pillai Rao Thomas",
        "",
    ),
    "mexican": (
        "José Luis Juan Miguel Carlos Jesús Jorge Raúl Óscar Sergio Iván Héctor Adrián Tomás",
        "María Guadalupe Verónica Leticia Rosa Alejandra Claudia Lucía Sofía Elena Patricia Itzel "
        "Ximena Marisol",
        "Hernández García Martínez López González Rodríguez Pérez Sánchez Ramírez Cruz Flores Gómez Morales "
        "Vázquez Reyes Jiménez Torres Ortiz Mendoza Núñez",
        "",
    ),
    "indonesian": (
        "Budi Agus Eko Slamet Hendra Rizky Joko Wahyu Dedi Bayu Iwan Fajar Made Ketut",
        "Siti Dewi Sri Rina Yuni Ratna Wati Indah Ayu Lestari Nurul Putri Wayan Fitri",
        "Santoso Wijaya Susanto Hidayat Saputra Nugroho Setiawan Kurniawan Rahayu Permana Utami "
        "Wibowo Siregar "
        "Lubis Pratama Gunawan",
        "",
    ),
    "kazakh": (
        "Нурлан:nurlan Ерлан:yerlan Арман:arman Данияр:daniyar Асхат:askhat Тимур:timur "
        "Руслан:ruslan Канат:kanat "
        "Сергей:sergey Олжас:olzhas Марат:marat Андрей:andrey",
        "Айгуль:aigul Динара:dinara Алия:aliya Гульнара:gulnara Жанна:zhanna Асель:assel "
        "Мадина:madina Ольга:olga "
        "Сауле:saule Айжан:aizhan Ирина:irina Камила:kamila",
        "Ахметов:akhmetov Сулейменов:suleimenov Омаров:omarov Касымов:kassymov Ибраев:ibrayev "
        "Жумабаев:zhumabayev "
        "Иванов:ivanov Абдрахманов:abdrakhmanov Сергазин:sergazin Тулегенов:tulegenov Мусин:mussin "
        "Кузнецов:kuznetsov Байжанов:baizhanov Нурпеисов:nurpeissov",
        "а:a",
    ),
    "british": (
        "Oliver Jack Harry George Thomas James Liam Callum Owen Rhys Imran Kwame",
        "Amelia Olivia Emily Grace Sophie Megan Isla Chloe Hannah Priya Zara Bethan",
        "Ashworth Thornley Whitcombe Hargreave Pemberton Larkin Fairley Braithwaite Mowbray "
        "Langley Tennant Selby "
        "Draycott Holloway Patel Campbell Rees Okoye",
        "",
    ),
    "american": (
        "Marcus Ethan Caleb Tyler Andre Wesley Darnell Logan Kevin Trevor Minh Diego",
        "Ashley Brianna Madison Keisha Paige Tamara Naomi Brooke Hailey Linh Grace Monica",
        "Whitaker Caldwell Mercer Holbrook Sutton Delaney Barlow Prescott Nguyen Hayes Coleman "
        "Vance Boone Ellison "
        "Kimball Rowe",
        "",
    ),
    "chinese": (
        "伟:wei 强:qiang 磊:lei 军:jun 洋:yang 勇:yong 杰:jie 涛:tao 明:ming 超:chao 志强:zhiqiang "
        "建华:jianhua "
        "俊杰:junjie 浩然:haoran",
        "芳:fang 娜:na 敏:min 静:jing 丽:li 艳:yan 娟:juan 霞:xia 秀英:xiuying 桂兰:guilan "
        "雨欣:yuxin 思琪:siqi "
        "晓梅:xiaomei 婷婷:tingting",
        "王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 赵:zhao 黄:huang 周:zhou 吴:wu 徐:xu 孙:sun "
        "胡:hu 朱:zhu "
        "高:gao 林:lin 何:he 郭:guo",
        "",
    ),
    "japanese": (
        "Haruto Ren Sota Yuto Kaito Daiki Takumi Kenji Hiroshi Satoshi",
        "Yui Hina Sakura Aoi Mio Yuna Haruka Ayaka Keiko Naoko",
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Nakamura Kobayashi Yamada Sasaki Matsumoto Inoue",
        "",
    ),
    "arab": (
        "Ahmad Khalid Yousef Omar Faisal Bader Hamad Tariq Saleh Nasser",
        "Fatima Maryam Noura Sara Hessa Dalal Amal Layla Reem Shaikha",
        "Al-Rashidi Al-Mutairi Al-Enezi Haddad Mansour Al-Azmi Khoury Al-Shammari Darwish Al-Otaibi",
        "",
    ),
}
_TRADES = (
    "Joinery",
    "Bakery",
    "Plumbing",
    "Textiles",
    "Motors",
    "Print",
    "Joiners & Sons",
    "Foods",
    "Design",
)


class Name(msgspec.Struct, frozen=True):
    """A name as its bearer writes it, its Latin letters for a mailbox, and the family it belongs to."""

    text: str
    mailbox: str
    family: int


def _words(words: str) -> tuple[tuple[str, str], ...]:
    pairs = (word.partition(":") for word in words.split())
    return tuple((native, latin or _plain(native)) for native, _, latin in pairs)


def _plain(text: str) -> str:
    """`text` without accents, capitals or anything that is no letter."""
    letters = unicodedata.normalize("NFKD", text).lower()
    return "".join(letter for letter in letters if "a" <= letter <= "z")


_PARSED = {naming: tuple(_words(part) for part in parts) for naming, parts in _NAMES.items()}


def person_name(rng: Random, naming: str, family: int | None = None) -> Name:
    """A person's name in one naming; of the same `family` where one is given (a spouse, a brother)."""
    male, female, families, feminine = _PARSED[naming]
    woman = rng.randrange(2) == 1
    native, latin = rng.choice(female if woman else male)
    family = rng.randrange(len(families)) if family is None else family
    last, last_latin = families[family]
    if woman and feminine:
        last, last_latin = last + feminine[0][0], last_latin + feminine[0][1]
    if naming == "chinese":
        text = last + native
    elif naming == "mexican":
        text = f"{native} {last} {rng.choice(families)[0]}"
    else:
        text = f"{native} {last}"
    return Name(text, f"{latin}.{last_latin}", family)


def firm_name(rng: Random, naming: str) -> Name:
    """A small firm that carries its owner's name."""
    families = _PARSED[naming][2]
    family = rng.randrange(len(families))
    trade = rng.choice(_TRADES)
    return Name(f"{families[family][0]} {trade} Ltd", f"accounts.{families[family][1]}", family)
