"""What the columns of somebody else's tape are called: English and Chinese headings of common core systems.

Compared without case, spaces and signs. From general knowledge of such exports. A name of PERHAPS is taken as
well, and asked about.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

# key -> names that mean nothing else, most telling first
SURE: Final[Mapping[str, tuple[str, ...]]] = {
    "loan_id": (
        *("loanid", "loanno", "loannumber", "loannum", "loanref", "loanreference", "loanaccountno", "lan"),
        *("loanaccountnumber", "loanaccount", "loanaccountid", "contractid", "contractno", "contractnumber"),
        *(
            "agreementno",
            "agreementid",
            "agreementnumber",
            "facilityid",
            "facilityno",
            "arrangementid",
            "dealno",
        ),
        *(
            "贷款编号",
            "合同编号",
            "合同号",
            "借据号",
            "借据编号",
            "贷款号",
            "贷款账号",
            "贷款合同号",
            "借款合同号",
        ),
    ),
    "borrower_id": (
        *(
            "borrowerid",
            "borrowerno",
            "customerid",
            "customerno",
            "customernumber",
            "custid",
            "custno",
            "cif",
        ),
        *("cifno", "cifid", "clientid", "clientno", "clientnumber", "memberid", "memberno", "partyid"),
        *("客户编号", "客户号", "借款人编号", "会员编号", "客户id"),
    ),
    "payment_id": (
        *(
            "paymentid",
            "paymentno",
            "paymentref",
            "paymentreference",
            "transactionid",
            "transactionno",
            "txnid",
        ),
        *("txnref", "receiptno", "receiptnumber", "receiptid", "voucherno", "utr"),
        *("交易流水号", "流水号", "还款流水号", "收款编号", "凭证号"),
    ),
    "received_on": (
        *("receivedon", "receiveddate", "paymentdate", "paidon", "paiddate", "datepaid", "valuedate"),
        *("repaymentdate", "receiptdate", "collectiondate", "lastpaymentdate", "paiduntil", "lastpaidon"),
        *("还款日期", "实还日期", "实际还款日", "收款日期", "到账日期", "交易日期", "最近还款日"),
    ),
    "amount": (
        *("paymentamount", "amountpaid", "paidamount", "repaymentamount", "amountreceived", "receiptamount"),
        *("totalpaid", "paidsofar", "paidtodate", "collectedamount"),
        *("还款金额", "实还金额", "收款金额", "已还金额", "累计还款", "到账金额"),
    ),
    "number": (
        *("installmentno", "instalmentno", "installmentnumber", "instalmentnumber", "emino", "periodno"),
        *("scheduleno", "installmentseq", "termno"),
        *("期数序号", "期次", "当前期数", "第几期", "期号"),
    ),
    "due_date": (
        *(
            "duedate",
            "dueon",
            "installmentdate",
            "instalmentdate",
            "emidate",
            "repaymentduedate",
            "maturesondate",
        ),
        *("应还日期", "还款日", "到期日期", "应还日", "账单到期日"),
    ),
    "principal": (
        *("principal", "principalamount", "loanamount", "amountdisbursed", "disbursedamount", "amountlent"),
        *("sanctionedamount", "financedamount", "originalprincipal", "principaldue", "lentamount"),
        *("贷款金额", "贷款本金", "借款金额", "合同金额", "放款金额", "应还本金", "本金"),
    ),
    "interest": (
        *("interest", "interestdue", "interestamount", "profit", "profitamount"),
        *("利息", "应还利息"),
    ),
    "fees": ("fees", "fee", "feesdue", "charges", "servicefee", "手续费", "服务费", "费用", "应还费用"),
    "penalties": (
        "penalties",
        "penalty",
        "latefee",
        "latecharges",
        "lpi",
        "penalinterest",
        "罚息",
        "违约金",
        "滞纳金",
    ),
    "made_on": (
        *("madeon", "disbursementdate", "disbursaldate", "disbursedon", "bookingdate", "originationdate"),
        *("opendate", "lenton", "contractdate", "approveddate", "drawdowndate", "fundingdate"),
        *("放款日期", "放款日", "借款日期", "贷款发放日", "合同日期", "起息日"),
    ),
    "currency": ("currency", "currencycode", "ccy", "curr", "币种", "货币"),
    "name": (
        *(
            "fullname",
            "customername",
            "borrowername",
            "clientname",
            "membername",
            "accountname",
            "debtorname",
        ),
        *("姓名", "客户姓名", "借款人姓名", "客户名称", "借款人"),
    ),
    "phone": (
        *("phone", "phoneno", "phonenumber", "mobile", "mobileno", "mobilenumber", "mobilephone", "msisdn"),
        *("telephone", "cellphone", "手机号", "手机号码", "联系电话", "电话", "移动电话"),
    ),
    "email": ("email", "emailaddress", "emailid", "mail", "邮箱", "电子邮箱", "邮件地址"),
    "country": ("country", "countrycode", "国家", "国家代码"),
    "region": ("region", "state", "province", "regioncode", "statecode", "省份", "地区", "省"),
    "language": ("language", "lang", "preferredlanguage", "语言"),
    "zone": ("timezone", "zone", "tz", "时区"),
    "product": (
        "product",
        "productname",
        "producttype",
        "loantype",
        "scheme",
        "产品",
        "产品名称",
        "贷款品种",
    ),
    "core_outstanding": (
        *("outstanding", "outstandingbalance", "outstandingamount", "totaloutstanding", "coreoutstanding"),
        *("currentbalance", "closingbalance", "payoffamount", "amountoutstanding", "loanbalance"),
        *("未还金额", "贷款余额", "剩余应还", "未偿余额", "剩余未还"),
    ),
    "core_dpd": (
        *("dpd", "dayspastdue", "daysoverdue", "coredpd", "dayslate", "daysinarrears", "overduedays"),
        *("逾期天数", "当前逾期天数"),
    ),
    "status": ("loanstatus", "accountstatus", "contractstatus", "贷款状态", "合同状态", "账户状态"),
    "count": (
        *("installments", "instalments", "noofinstallments", "noofinstalments", "numberofinstallments"),
        *("numberofinstalments", "tenure", "tenor", "termmonths", "loanterm", "noofemis"),
        *("期数", "总期数", "贷款期限", "还款期数", "期限"),
    ),
    "first_due": (
        *("firstdue", "firstduedate", "firstdueon", "firstinstallmentdate", "firstinstalmentdate"),
        *("firstrepaymentdate", "firstpaymentdate", "firstemidate", "首次还款日", "首期还款日", "首次应还日"),
    ),
    "each": (
        *(
            "installmentamount",
            "instalmentamount",
            "emi",
            "emiamount",
            "monthlyinstallment",
            "monthlypayment",
        ),
        *("monthlyinstalment", "monthly", "repaymentperperiod", "每期还款额", "月供", "每月还款", "每期金额"),
    ),
}
# key -> names that may mean it: (name, what else it may be)
PERHAPS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "loan_id": (
        ("accountno", "a current account"),
        ("accountnumber", "a current account"),
        ("account", "a current account"),
        ("contract", "the kind of contract"),
        ("agreement", "the kind of agreement"),
        ("reference", "a payment's own number"),
        ("id", "the row's own number"),
        ("编号", "the row's own number"),
        ("账号", "a current account"),
    ),
    "borrower_id": (
        ("customer", "the name of the customer"),
        ("client", "the name of the client"),
        ("borrower", "the name of the borrower"),
        ("nationalid", "a number of the state, which two sources may share"),
        ("客户", "the name of the customer"),
        ("身份证号", "a number of the state, which two sources may share"),
    ),
    "name": (
        ("customer", "the id of the customer"),
        ("client", "the id of the client"),
        ("borrower", "the id of the borrower"),
        ("name", "the name of something else than the borrower"),
        ("客户", "the id of the customer"),
    ),
    "payment_id": (
        ("reference", "the loan's number"),
        ("ref", "the loan's number"),
        ("receipt", "an amount"),
    ),
    "received_on": (
        ("date", "another day"),
        ("postingdate", "the day it was booked"),
        ("日期", "another day"),
    ),
    "amount": (
        ("amount", "what is due, or was lent"),
        ("paid", "whether it was paid"),
        ("credit", "the limit"),
        ("金额", "what is due, or was lent"),
    ),
    "number": (
        ("number", "another number"),
        ("no", "another number"),
        ("period", "a span of days"),
        ("期", "a term"),
    ),
    "due_date": (
        ("due", "an amount due"),
        ("maturitydate", "the last day of the loan"),
        ("到期日", "the last day"),
    ),
    "made_on": (
        ("startdate", "the day of the first installment"),
        ("date", "another day"),
        ("created", "the day of the record"),
        ("起始日期", "the day of the first installment"),
    ),
    "principal": (("limit", "a limit that is not drawn"), ("exposure", "what is owed now")),
    "core_outstanding": (
        ("balance", "the principal alone, or what is past due"),
        ("arrears", "what is past due alone"),
        ("余额", "the principal alone, or what is past due"),
        ("剩余本金", "the principal alone"),
    ),
    "status": (
        ("status", "the state of something else than the loan"),
        ("状态", "the state of something else"),
    ),
    "count": (("term", "months, weeks or days"), ("months", "months that have passed")),
    "each": (
        ("installment", "the number of the installment"),
        ("instalment", "the number of the installment"),
    ),
}
WORDS: Final[Mapping[str, str]] = {
    "loan_id": "the loan's id",
    "borrower_id": "the borrower's id",
    "payment_id": "the payment's id",
    "received_on": "the day on which the payment was received",
    "amount": "what was paid",
    "number": "the installment's number",
    "due_date": "the due date",
    "made_on": "the day on which the loan was made",
    "principal": "the principal lent",
    "core_outstanding": "all that is owed by your system",
    "status": "the loan's status (active, closed, recalled, sold, written_off)",
    "count": "the number of monthly installments",
    "each": "the amount of each installment",
    "name": "the borrower's name",
}


class Doubt(msgspec.Struct, frozen=True):
    """A column that was taken for `key` by a name that may mean something else."""

    key: str
    column: str
    otherwise: str


def plain(heading: str) -> str:
    """A heading as it is compared: letters, digits and signs of writing alone, in lower case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", heading).casefold() if sign.isalnum())


def columns_by_name(header: Sequence[str], keys: Iterable[str]) -> tuple[dict[str, str], list[Doubt]]:
    """Key -> column of those of `keys` that `header` names, each column once; and what is not sure of it."""
    named: dict[str, str] = {}
    for column in header:
        named.setdefault(plain(column), column)
    wanted = tuple(keys)
    found: dict[str, str] = {}
    for key in wanted:
        for name in (plain(key), *SURE.get(key, ())):
            perhaps = name in dict(PERHAPS.get(key, ()))
            if not perhaps and name in named and named[name] not in found.values():
                found[key] = named[name]
                break
    doubts: list[Doubt] = []
    for key in wanted:
        for name, otherwise in PERHAPS.get(key, ()) if key not in found else ():
            if name in named and named[name] not in found.values():
                found[key] = named[name]
                doubts.append(Doubt(key, named[name], otherwise))
                break
    return found, doubts
