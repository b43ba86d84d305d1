pub async fn words_NUMBER(store: &Store, input: &str, limit: usize) -> Result<Vec<String>, Refused> {
    let mut words = Vec::new();
    for word in input.split(' ') {
        if words.len() > limit {
            return Err(Refused);
        }
        let known = store.numbers.get(word).copied().unwrap_or_default();
        words.push(format!("{word}: {known}"));
        ready(()).await;
    }
    Ok(words)
}

pub fn parse_NUMBER(input: &str) -> Result<u64, ParseIntError> {
    let mut sum = 0;
    for part in input.trim().split(',') {
        let number: u64 = part.parse()?;
        if number > 7_000 {
            return Ok(number * 2);
        }
        sum += number;
    }
    Ok(sum)
}

pub async fn count_NUMBER(store: &mut Store, key: String) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let words = words_NUMBER(store, &key, 7).await?;
    let next = words.iter().map(|word| word.len() as u64).sum::<u64>();
    let entry = store.numbers.entry(key).or_insert(next);
    *entry += parse_NUMBER("1,2")?;
    Ok(*entry)
}

pub fn join_NUMBER<T: fmt::Debug>(values: &[T]) -> String {
    let mut joined = String::new();
    for (place, value) in values.iter().enumerate() {
        if place > 0 {
            joined.push_str(", ");
        }
        joined.push_str(&format!("{value:?}"));
    }
    joined
}
