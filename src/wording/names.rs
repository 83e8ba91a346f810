//! First names that are common around the world and are hardly ever anything else at the head of a sentence about
//! computers. Names such as *Will*, *Mark*, *Travis*, *Jenkins* are left out on purpose.

/// In lower case, sorted.
#[rustfmt::skip]
const FIRST_NAMES: &[&str] = &[
    "aaron", "adam", "adrian", "agnes", "ahmed", "aisha", "alan", "albert", "alejandro", "alex", "alexander",
    "alexandra", "alexei", "alice", "alicia", "alison", "amanda", "amir", "amit", "amy", "ana", "anders", "andrea",
    "andreas", "andrei", "andrew", "andy", "angela", "anil", "anita", "anna", "anne", "anthony", "anton", "antonio",
    "arjun", "arthur", "barbara", "bart", "beatrice", "ben", "benjamin", "bernard", "beth", "bill", "bob", "brad",
    "brandon", "brian", "bruce", "bruno", "carl", "carla", "carlos", "carmen", "carol", "caroline", "catherine",
    "cathy", "charles", "charlie", "charlotte", "chen", "chloe", "chris", "christian", "christina", "christine",
    "christoph", "christopher", "claire", "clara", "claudia", "colin", "craig", "cristina", "dan", "daniel", "daniela",
    "danny", "dave", "david", "deborah", "deepak", "denis", "dennis", "diana", "diego", "dmitri", "dmitry", "dominic",
    "donald", "donna", "doug", "douglas", "edward", "eileen", "elena", "eli", "elizabeth", "ellen", "emily", "emma",
    "eric", "erik", "erika", "ethan", "eva", "evan", "fatima", "fernando", "fiona", "florian", "frances", "francesco",
    "francois", "frank", "fred", "frederik", "gabriel", "gareth", "gary", "george", "gerald", "giovanni", "giulia",
    "gordon", "greg", "gregory", "hanna", "hannah", "hans", "harry", "hassan", "heather", "helen", "henrik", "henry",
    "howard", "hugo", "ian", "igor", "ingrid", "irene", "isabel", "isabella", "ivan", "jack", "jacob", "jakob",
    "james", "jamie", "jane", "janet", "jared", "jason", "javier", "jean", "jeff", "jeffrey", "jennifer", "jenny",
    "jeremy", "jerry", "jesse", "jessica", "jill", "jim", "jimmy", "joan", "joanna", "joe", "joel", "johan", "johanna",
    "johannes", "john", "johnny", "jon", "jonas", "jonathan", "jorge", "jose", "joseph", "josh", "joshua", "juan",
    "judith", "judy", "julia", "julian", "julie", "justin", "jürgen", "kai", "karen", "karin", "karl", "kate",
    "katherine", "kathleen", "katie", "keith", "kelly", "ken", "kenneth", "kevin", "kim", "kumar", "kyle", "lars",
    "laura", "lauren", "leah", "lena", "leo", "leon", "leonard", "liam", "linda", "lisa", "louis", "louise", "lucas",
    "lucia", "lucy", "luis", "lukas", "luke", "lynn", "maggie", "marco", "marcus", "margaret", "maria", "marie",
    "marina", "mario", "markus", "marta", "martha", "martin", "martina", "mary", "mateo", "matt", "matteo", "matthew",
    "matthias", "maya", "megan", "mehmet", "mei", "melanie", "melissa", "michael", "michal", "michelle", "miguel",
    "mike", "mikhail", "mohamed", "mohammed", "monica", "muhammad", "nadia", "nancy", "natalia", "natalie", "nathan",
    "neil", "nicholas", "nick", "nico", "nicola", "nicole", "nikolai", "nina", "nora", "norman", "oleg", "oliver",
    "olivia", "omar", "pablo", "pamela", "patricia", "patrick", "paul", "paula", "paulo", "pavel", "pedro", "peter",
    "petra", "phil", "philip", "philipp", "pierre", "priya", "rachel", "rafael", "rahul", "raj", "rajesh", "ralph",
    "ravi", "raymond", "rebecca", "ricardo", "richard", "rick", "rob", "robert", "roberto", "robin", "roger", "roland",
    "ron", "ronald", "rosa", "ross", "roy", "ruth", "ryan", "sabine", "sally", "sam", "samantha", "samuel", "sandra",
    "sanjay", "sara", "sarah", "sasha", "scott", "sean", "sebastian", "sergei", "sergey", "shane", "shannon", "sharon",
    "shaun", "silvia", "simon", "sofia", "sonia", "sophia", "sophie", "stefan", "stephanie", "stephen", "steve",
    "steven", "stuart", "susan", "suzanne", "sven", "sylvia", "tamara", "tanya", "tara", "ted", "teresa", "theo",
    "theresa", "thomas", "tim", "timothy", "tina", "tobias", "todd", "tom", "tomas", "tommy", "tony", "ulrich",
    "ursula", "valentina", "vanessa", "vera", "veronica", "victor", "victoria", "vijay", "viktor", "vincent",
    "vladimir", "walter", "wei", "wendy", "william", "wolfgang", "yan", "yann", "yuki", "yuri", "yusuf", "yuvi",
    "yves", "zach", "zachary", "zoe",
];

/// Whether `word`, in lower case, is a first name.
pub(super) fn is_first_name(word: &str) -> bool {
    FIRST_NAMES.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_or_nothing_is_found() {
        let mut sorted = FIRST_NAMES.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, FIRST_NAMES);
        assert!(is_first_name("alice") && !is_first_name("jenkins") && !is_first_name("travis"));
    }
}
