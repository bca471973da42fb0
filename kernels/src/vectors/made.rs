//! Vectors made from a seed, for tests, benches and the projection: the same on every machine.

/// A stream of random numbers (splitmix64, Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub struct Source(u64);

impl Source {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to below 1.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * 2.0_f64.powi(-53)
    }

    /// Two normal numbers of mean 0 and variance 1, by the polar method of Marsaglia and Bray.
    pub fn normal_pair(&mut self) -> (f64, f64) {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * natural_logarithm(square) / square).sqrt();
                return (u * factor, v * factor);
            }
        }
    }

    /// `count` normal numbers.
    pub fn normals(&mut self, count: usize) -> Vec<f32> {
        let mut numbers = Vec::with_capacity(count + 1);
        while numbers.len() < count {
            let (first, second) = self.normal_pair();
            #[expect(clippy::cast_possible_truncation, reason = "random numbers, rounded")]
            numbers.extend([first as f32, second as f32]);
        }
        numbers.truncate(count);
        numbers
    }

    /// A unit vector of any direction.
    pub fn unit(&mut self, dimensions: usize) -> Vec<f32> {
        loop {
            let mut vector = self.normals(dimensions);
            if super::normalize(&mut vector) {
                return vector;
            }
        }
    }

    /// A unit vector whose cosine with the unit vector `from` is `cosine`, to within rounding.
    pub fn near(&mut self, from: &[f32], cosine: f64) -> Vec<f32> {
        let other = self.unit(from.len());
        let along: f64 = from.iter().zip(&other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let mut across: Vec<f32> = Vec::with_capacity(from.len());
        #[expect(clippy::cast_possible_truncation, reason = "rounded to what is stored")]
        across.extend(
            from.iter().zip(&other).map(|(a, b)| (f64::from(*b) - along * f64::from(*a)) as f32),
        );
        super::normalize(&mut across);
        let sine = (1.0 - cosine * cosine).max(0.0).sqrt();
        #[expect(clippy::cast_possible_truncation, reason = "rounded to what is stored")]
        let mut near: Vec<f32> = (from.iter().zip(&across))
            .map(|(a, b)| (f64::from(*a) * cosine + f64::from(*b) * sine) as f32)
            .collect();
        super::normalize(&mut near);
        near
    }
}

/// The last step of splitmix64.
pub(crate) fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// `ln(value)` of a positive normal number, from additions, products and one quotient alone:
/// mathematics libraries differ in the last bits.
fn natural_logarithm(value: f64) -> f64 {
    let bits = value.to_bits();
    let exponent = f64::from(u32::try_from(bits >> 52).unwrap_or(0)) - 1023.0;
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    // 2 artanh(ratio), whose ratio is at most 1/3: 18 terms are past the last bit
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let series = (0..18).rev().fold(0.0, |sum, k| sum * square + 1.0 / f64::from(2 * k + 1));
    exponent * std::f64::consts::LN_2 + 2.0 * ratio * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right() {
        for value in [1e-300, 1e-9, 0.1, 0.5, 0.999_999, 1.0, 1.5, 7.0] {
            let error = natural_logarithm(value) - f64::ln(value);
            assert!(error.abs() <= 4e-16 * f64::ln(value).abs().max(0.5), "{value} {error}");
        }
    }

    #[test]
    fn normal_numbers_have_normal_moments() {
        let numbers = Source::new(1).normals(200_000);
        let moment = |power: i32| {
            numbers.iter().map(|x| f64::from(*x).powi(power)).sum::<f64>() / numbers.len() as f64
        };
        assert!(moment(1).abs() < 0.01);
        assert!((moment(2) - 1.0).abs() < 0.02);
        assert!((moment(4) - 3.0).abs() < 0.15);
    }

    #[test]
    fn a_near_vector_has_the_cosine_asked_for() {
        let mut source = Source::new(2);
        for cosine in [0.5, 0.9, 0.99] {
            let from = source.unit(300);
            let near = source.near(&from, cosine);
            assert!((f64::from(super::super::cosine(&from, &near)) - cosine).abs() < 1e-5);
        }
    }
}
