use font8x8::UnicodeFonts as _;

pub(super) const WIDTH: usize = 320;
pub(super) const HEIGHT: usize = 180;
const MARGIN: usize = 16;
/// Of a letter, with its space: 8 pixels, twice as large.
const LETTER: usize = 16;
const LINE: usize = 20;
const LETTERS_A_LINE: usize = (WIDTH - 2 * MARGIN) / LETTER;
/// Steps of each of red, green and blue.
const SHADES: u8 = 6;

/// A picture in 216 colours: six shades each of red, green and blue.
#[derive(Clone)]
pub(super) struct Canvas {
    pixels: Vec<u8>,
}

/// A colour of the palette, by its shades from 0 to 5.
#[derive(Clone, Copy)]
pub(super) struct Color(pub(super) u8, pub(super) u8, pub(super) u8);

impl Color {
    const fn index(self) -> u8 {
        (self.0 * SHADES + self.1) * SHADES + self.2
    }
}

/// Every colour, three bytes each.
pub(super) fn palette() -> Vec<u8> {
    let shade = |shade: u8| shade * (u8::MAX / (SHADES - 1));
    let all = 0..SHADES * SHADES * SHADES;
    all.flat_map(|index| {
        [
            shade(index / SHADES / SHADES),
            shade(index / SHADES % SHADES),
            shade(index % SHADES),
        ]
    })
    .collect()
}

impl Canvas {
    pub(super) fn filled(color: Color) -> Self {
        Self {
            pixels: vec![color.index(); WIDTH * HEIGHT],
        }
    }

    pub(super) fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    pub(super) fn fill(
        &mut self,
        left: usize,
        top: usize,
        width: usize,
        height: usize,
        color: Color,
    ) {
        for row in top..(top + height).min(HEIGHT) {
            let row = row * WIDTH;
            self.pixels[row + left.min(WIDTH)..row + (left + width).min(WIDTH)].fill(color.index());
        }
    }

    /// Writes text below `top`, broken between words, in at most so many lines.
    pub(super) fn write(&mut self, text: &str, top: usize, most_lines: usize, color: Color) {
        for (number, line) in lines(text).iter().take(most_lines).enumerate() {
            let top = top + number * LINE;
            for (column, letter) in line.chars().enumerate() {
                self.letter(letter, MARGIN + column * LETTER, top, color);
            }
        }
    }

    /// Draws a picture of red, green, blue and opacity, made to fit into the canvas.
    pub(super) fn draw(&mut self, rgba: &[u8], width: usize, height: usize) {
        if width == 0 || height == 0 || rgba.len() < width * height * 4 {
            return;
        }
        let (fit_width, fit_height) = if width * HEIGHT > height * WIDTH {
            (WIDTH, height * WIDTH / width)
        } else {
            (width * HEIGHT / height, HEIGHT)
        };
        let (left, top) = ((WIDTH - fit_width) / 2, (HEIGHT - fit_height) / 2);
        for row in 0..fit_height {
            for column in 0..fit_width {
                let (x, y) = (column * width / fit_width, row * height / fit_height);
                let pixel = &rgba[(y * width + x) * 4..][..4];
                if pixel[3] >= 128 {
                    let shade = |value: u8| ((u16::from(value) * 5 + 127) / 255) as u8;
                    let color = Color(shade(pixel[0]), shade(pixel[1]), shade(pixel[2]));
                    self.pixels[(top + row) * WIDTH + left + column] = color.index();
                }
            }
        }
    }

    fn letter(&mut self, letter: char, left: usize, top: usize, color: Color) {
        for (row, bits) in shape(letter).into_iter().enumerate() {
            for column in (0..8).filter(|column| bits >> column & 1 == 1) {
                self.fill(left + column * 2, top + row * 2, 2, 2, color);
            }
        }
    }
}

fn shape(letter: char) -> [u8; 8] {
    font8x8::BASIC_FONTS
        .get(letter)
        .or_else(|| font8x8::LATIN_FONTS.get(letter))
        .or_else(|| font8x8::GREEK_FONTS.get(letter))
        .or_else(|| font8x8::BASIC_FONTS.get('?'))
        .unwrap_or_default()
}

/// Breaks a text between words; a word that is longer than a line, anywhere.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        for part in letters.chunks(LETTERS_A_LINE) {
            if length > 0 && length + 1 + part.len() > LETTERS_A_LINE {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut() {
                if length > 0 {
                    line.push(' ');
                    length += 1;
                }
                line.extend(part);
                length += part.len();
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_long_words_anywhere() {
        assert_eq!(lines("Salt was money. Then"), ["Salt was money.", "Then"]);
        assert_eq!(lines(&"x".repeat(20)), ["x".repeat(18), "x".repeat(2)]);
        assert_eq!(lines(""), [""]);
    }

    #[test]
    fn the_palette_names_every_index_a_color_has() {
        let palette = palette();
        assert_eq!(palette.len(), 216 * 3);
        let index = usize::from(Color(5, 0, 2).index()) * 3;
        assert_eq!(palette[index..index + 3], [255, 0, 102]);
    }

    #[test]
    fn nothing_is_drawn_outside_of_the_canvas() {
        let mut canvas = Canvas::filled(Color(0, 0, 0));
        canvas.fill(WIDTH - 1, HEIGHT - 1, 10, 10, Color(5, 5, 5));
        canvas.fill(WIDTH + 5, 0, 10, 10, Color(5, 5, 5));
        canvas.write(&"word ".repeat(500), HEIGHT - 30, 9, Color(5, 5, 5));
        canvas.draw(&[255; 4 * 3000], 3000, 1);
        assert_eq!(canvas.into_pixels().len(), WIDTH * HEIGHT);
    }
}
