//! What the synthetic callers ask, and the words that the search is measured with. All of it is made up.

/// Numbers that are the same in every run: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        usize::try_from(mixed % bound).unwrap_or(0)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }
}

/// A matter: the service's code, the title, the text.
pub struct Matter(pub &'static str, pub &'static str, pub &'static str);

/// Services that need no form.
pub const MATTERS: &[Matter] = &[
    Matter(
        "120302",
        "广场舞噪声扰民",
        "每晚七点到十点音响声音很大，老人和孩子无法休息，多次劝说没有效果。",
    ),
    Matter(
        "120301",
        "楼上装修噪声",
        "楼上周末一早就开始电钻施工，超过规定时间，希望社区协调。",
    ),
    Matter(
        "120303",
        "邻居养狗扰民",
        "隔壁养了三只狗，半夜经常叫，楼道里还有狗粪便。",
    ),
    Matter(
        "120201",
        "消防通道堵塞",
        "楼下消防通道长期停放电动车和杂物，存在安全隐患。",
    ),
    Matter(
        "120202",
        "飞线充电隐患",
        "有住户从三楼拉电线下来给电动车充电，下雨天非常危险。",
    ),
    Matter(
        "120203",
        "高空抛物坠落",
        "有人从高层往下扔垃圾，砸坏了停在楼下的车。",
    ),
    Matter(
        "120102",
        "监控设备故障",
        "小区东门监控坏了半个月，丢了两辆自行车查不到录像。",
    ),
    Matter(
        "130101",
        "垃圾无人清运",
        "楼下垃圾桶满了三天没人清运，气味很大，苍蝇很多。",
    ),
    Matter(
        "130103",
        "积水蚊虫滋生",
        "绿化带积水没人处理，蚊虫很多，孩子被叮得厉害。",
    ),
    Matter(
        "010301",
        "邻里漏水纠纷",
        "楼上漏水到我家厨房，协商几次不肯维修，请求调解。",
    ),
    Matter(
        "010302",
        "物业收费纠纷",
        "物业多收了半年的停车费，不给出收费依据，请求调解。",
    ),
    Matter(
        "010303",
        "家庭赡养调解",
        "父母年纪大了，几个子女对赡养费用谈不拢，请求调解。",
    ),
    Matter(
        "010103",
        "租房押金咨询",
        "退租以后房东不退押金，想咨询应该怎么办，需要什么材料。",
    ),
    Matter(
        "020101",
        "居住证明办理",
        "想办理居住证明给孩子报名用，请问需要带什么材料，几点上班。",
    ),
    Matter(
        "020103",
        "居住证续签",
        "居住证下个月到期，想问在哪里续签，需要多长时间。",
    ),
    Matter(
        "020104",
        "小学入学报名",
        "孩子今年上小学，户口不在本区，想咨询入学条件。",
    ),
    Matter(
        "030402",
        "困难学生助学",
        "家里孩子考上大学，家庭困难，想申请助学金。",
    ),
    Matter(
        "050202",
        "商户招工登记",
        "店里要招两名服务员，想在社区登记招工信息。",
    ),
    Matter(
        "050301",
        "电工培训报名",
        "想报名参加电工技能培训，请问什么时候开班。",
    ),
    Matter(
        "140102",
        "图书室开放时间",
        "社区图书室周末不开门，孩子想去看书，希望延长开放时间。",
    ),
    Matter(
        "140202",
        "活动场地建议",
        "建议在活动中心增加儿童活动场地和乒乓球台。",
    ),
    Matter(
        "150101",
        "居务账目公开",
        "今年公共收益的账目一直没有公开，想看一下明细。",
    ),
    Matter(
        "150201",
        "加装电梯议题",
        "我们楼老人多，建议把加装电梯列入居民议事会。",
    ),
    Matter(
        "120201",
        "路灯不亮通道黑",
        "小区后门通道的路灯坏了，晚上看不见，老人容易摔倒。",
    ),
];

/// Words of two characters, each in the texts of one or more matters.
pub const WORDS: &[&str] = &[
    "路灯", "噪声", "漏水", "电梯", "垃圾", "押金", "充电", "监控", "停车", "报名",
];
