//! Vectors on CUDA GPUs: `gpu devices`, `gpu test [SEED [ROUNDS [calm]]]`, `gpu bench [sign|host|pairs|lead] ..`,
//! `gpu ptx [FILE]`. It makes its own inputs, so that it runs where there is no Rust.
#![expect(clippy::print_stdout, reason = "a program")]

use tamis_kernels::vectors::cuda::{
    Tuning, baseline_mark, baseline_ptx, checks, measure, nvrtc_version,
};
use tamis_kernels::vectors::devices;

fn main() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["devices"] => {
            let found = devices();
            found.devices.iter().for_each(|device| println!("{device:?}"));
            found.without_cuda.iter().for_each(|reason| println!("no GPUs: {reason}"));
            Ok(())
        }
        ["test", rest @ ..] => {
            let seed = number(rest.first(), 1)?;
            let rounds = number(rest.get(1), 100)?;
            println!("{}", checks::baseline()?.unwrap_or("PTX skipped: no NVRTC".to_owned()));
            match checks::parity(seed as u64, rounds, rest.get(2) == Some(&"calm"))? {
                Some(done) => println!("{done}"),
                None => println!("skipped: {}", devices().without_cuda.unwrap_or_default()),
            }
            Ok(())
        }
        ["bench", "sign", rest @ ..] => {
            println!("{}", measure::ceilings()?);
            let shape = [number(rest.first(), 768)?, number(rest.get(1), 256)?];
            let tunings: Vec<_> =
                rest.iter().skip(2).map(|text| tuning(text)).collect::<Result<_, _>>()?;
            print!("{}", measure::signs_on_gpu(shape[0], shape[1], 2 << 20, &tunings)?);
            Ok(())
        }
        ["bench", "host", rest @ ..] => {
            let threads = number(rest.first(), 16)?;
            print!("{}", measure::signs_from_host(768, 256, 6 << 20, threads)?);
            Ok(())
        }
        ["bench", "pairs", rest @ ..] => {
            let (count, threshold) = (number(rest.first(), 1_000_000)?, share(rest.get(1))?);
            let threads = number(rest.get(2), 16)?;
            print!("{}", measure::pairs(count, 768, threshold, threads)?);
            Ok(())
        }
        ["bench", "lead", rest @ ..] => {
            let (count, threshold) = (number(rest.first(), 1_000_000)?, share(rest.get(1))?);
            let (threads, same) = (number(rest.get(2), 16)?, number(rest.get(3), 0)?);
            print!("{}", measure::lead(count, 768, threshold, threads, same)?);
            Ok(())
        }
        ["ptx", file @ ..] => {
            let version = nvrtc_version().ok_or("NVRTC is not installed")?;
            let text = baseline_ptx().map_err(|error| error.to_string())?;
            let file = file.first().copied().unwrap_or("kernels/cuda/baseline.ptx");
            std::fs::write(file, baseline_mark(version) + &text).map_err(|e| e.to_string())
        }
        _ => Err("gpu devices|test|bench sign|bench host|bench pairs|bench lead|ptx".to_owned()),
    }
}

fn number(text: Option<&&str>, default: usize) -> Result<usize, String> {
    text.map_or(Ok(default), |text| text.parse().map_err(|_| format!("{text} is no number")))
}

/// A cosine, from percents.
fn share(text: Option<&&str>) -> Result<f32, String> {
    let percent = number(text, 95)?;
    let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100);
    Ok(f32::from(percent.ok_or("a cosine has at most 100 percent")?) / 100.0)
}

fn tuning(text: &str) -> Result<Tuning, String> {
    let parts: Vec<u32> = text
        .split(',')
        .map(|part| part.parse().map_err(|_| format!("{part} is no number")))
        .collect::<Result<_, _>>()?;
    let [width, stages, cluster] = parts[..] else {
        return Err(format!("{text} is not WIDTH,STAGES,CLUSTER"));
    };
    Ok(Tuning { width, stages, cluster })
}
