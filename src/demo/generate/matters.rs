//! What the synthetic callers ask. All of it is made up; how often follows what cities publish of their hotlines: noise,
//! waste, property management and parking first.

/// A matter that people call about.
#[derive(Clone, Copy, Debug)]
pub struct Matter {
    /// The service's code.
    pub code: &'static str,
    /// The title.
    pub title: &'static str,
    /// The text.
    pub text: &'static str,
    /// How often, against the others.
    pub weight: usize,
    /// Whether people suffer from it when they are at home: in the evening, at night, on holidays.
    pub at_home: bool,
}

/// Shorter to write.
const fn matter(
    code: &'static str,
    title: &'static str,
    text: &'static str,
    weight: usize,
    at_home: bool,
) -> Matter {
    Matter {
        code,
        title,
        text,
        weight,
        at_home,
    }
}

/// Services that need no form.
pub const MATTERS: &[Matter] = &[
    matter(
        "120302",
        "广场舞噪声扰民",
        "每晚七点到十点音响声音很大，老人和孩子无法休息，多次劝说没有效果。",
        16,
        true,
    ),
    matter(
        "120301",
        "楼上装修噪声",
        "楼上周末一早就开始电钻施工，超过规定时间，希望社区协调。",
        9,
        false,
    ),
    matter(
        "120303",
        "邻居养狗扰民",
        "隔壁养了三只狗，半夜经常叫，楼道里还有狗粪便。",
        6,
        true,
    ),
    matter(
        "120201",
        "消防通道堵塞",
        "楼下消防通道长期停放电动车和杂物，存在安全隐患。",
        7,
        false,
    ),
    matter(
        "120202",
        "飞线充电隐患",
        "有住户从三楼拉电线下来给电动车充电，下雨天非常危险。",
        5,
        true,
    ),
    matter(
        "120203",
        "高空抛物坠落",
        "有人从高层往下扔垃圾，砸坏了停在楼下的车。",
        3,
        true,
    ),
    matter(
        "120102",
        "监控设备故障",
        "小区东门监控坏了半个月，丢了两辆自行车查不到录像。",
        3,
        false,
    ),
    matter(
        "130101",
        "垃圾无人清运",
        "楼下垃圾桶满了三天没人清运，气味很大，苍蝇很多。",
        9,
        false,
    ),
    matter(
        "130103",
        "积水蚊虫滋生",
        "绿化带积水没人处理，蚊虫很多，孩子被叮得厉害。",
        4,
        false,
    ),
    matter(
        "010301",
        "邻里漏水纠纷",
        "楼上漏水到我家厨房，协商几次不肯维修，请求调解。",
        5,
        true,
    ),
    matter(
        "010302",
        "物业收费纠纷",
        "物业多收了半年的停车费，不给出收费依据，请求调解。",
        6,
        false,
    ),
    matter(
        "010303",
        "家庭赡养调解",
        "父母年纪大了，几个子女对赡养费用谈不拢，请求调解。",
        2,
        false,
    ),
    matter(
        "010103",
        "租房押金咨询",
        "退租以后房东不退押金，想咨询应该怎么办，需要什么材料。",
        4,
        false,
    ),
    matter(
        "020101",
        "居住证明办理",
        "想办理居住证明给孩子报名用，请问需要带什么材料，几点上班。",
        5,
        false,
    ),
    matter(
        "020103",
        "居住证续签",
        "居住证下个月到期，想问在哪里续签，需要多长时间。",
        4,
        false,
    ),
    matter(
        "020104",
        "小学入学报名",
        "孩子今年上小学，户口不在本区，想咨询入学条件。",
        5,
        false,
    ),
    matter(
        "030402",
        "困难学生助学",
        "家里孩子考上大学，家庭困难，想申请助学金。",
        2,
        false,
    ),
    matter(
        "050202",
        "商户招工登记",
        "店里要招两名服务员，想在社区登记招工信息。",
        2,
        false,
    ),
    matter(
        "050301",
        "电工培训报名",
        "想报名参加电工技能培训，请问什么时候开班。",
        2,
        false,
    ),
    matter(
        "140102",
        "图书室开放时间",
        "社区图书室周末不开门，孩子想去看书，希望延长开放时间。",
        2,
        false,
    ),
    matter(
        "140202",
        "活动场地建议",
        "建议在活动中心增加儿童活动场地和乒乓球台。",
        2,
        false,
    ),
    matter(
        "150101",
        "居务账目公开",
        "今年公共收益的账目一直没有公开，想看一下明细。",
        2,
        false,
    ),
    matter(
        "150201",
        "加装电梯议题",
        "我们楼老人多，建议把加装电梯列入居民议事会。",
        3,
        false,
    ),
    matter(
        "120201",
        "路灯不亮通道黑",
        "小区后门通道的路灯坏了，晚上看不见，老人容易摔倒。",
        5,
        true,
    ),
];

/// What handlers write for each other.
pub const NOTES: &[&str] = &[
    "已电话联系诉求人，约定明天上午到现场查看。",
    "已到现场查看，情况属实，已拍照留存。",
    "已与当事双方沟通，各自陈述了理由，继续调解。",
    "已通知物业公司到场处理，要求两日内反馈。",
    "现场复查，问题有所改善，仍需继续跟进。",
    "已联系社区民警到场协助，当事人同意整改。",
    "材料已转业务窗口核对，等待结果。",
    "已张贴提示并上门宣传，住户表示配合。",
    "已协调环卫单位安排清运，当日完成。",
    "诉求人补充了照片和时间，已一并留存。",
    "晚间再次巡查，现场无异常。",
    "已向街道汇报进展，等候答复意见。",
];

/// What the requester gets to read.
pub const REPLIES: &[&str] = &[
    "您好，您反映的问题社区已到现场核实并处理完毕，感谢您的来电。",
    "您好，经社区与当事方协调，双方已达成一致，问题已经解决。",
    "您好，您咨询的事项已核实，请携带身份证到社区服务中心窗口办理。",
    "您好，相关单位已完成整改，社区将继续巡查，如有反复请再次来电。",
    "您好，您的建议已收悉，已列入本季度居民议事会讨论。",
];

/// What operators answer while the caller is on the line.
pub const ANSWERS: &[&str] = &[
    "已告知办理条件、所需材料和窗口时间，来电人表示清楚。",
    "已解答政策口径并告知咨询电话，来电人无其他问题。",
    "已说明流程和承诺时限，来电人表示满意。",
];

/// What requesters add.
pub const SUPPLEMENTS: &[&str] = &[
    "昨天晚上又出现了同样的情况，持续到十一点。",
    "补充：具体位置在二单元门口，请工作人员到场后与我联系。",
    "物业说不归他们管，请明确由谁负责。",
];

/// Why something is asked for, ruled or ended.
pub const REASONS: &[&str] = &[
    "涉及多方协调，需要更多时间。",
    "经核实属于街道职责范围。",
    "超过社区职权，需要上级单位处理。",
    "同一地点多次反映，请重点核实。",
    "情况已经核实，同意。",
];
