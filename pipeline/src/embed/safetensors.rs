//! Vectors in a safetensors file: one tensor a document, named by its id; or one matrix whose ids
//! stand in the metadata as a JSON list under `ids`.

use safetensors::{Dtype, SafeTensors, tensor::TensorView};

/// Ids with the bytes of their vectors, f32 little-endian, in the order of the file.
pub(crate) fn rows(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let listed = header.metadata().as_ref().and_then(|data| data.get("ids"));
    if let Some(ids) = listed {
        let ids: Vec<String> = serde_json::from_str(ids)
            .map_err(|error| format!("metadata ids is no JSON list of strings: {error}"))?;
        return of_matrix(ids, &file);
    }
    let mut tensors = file.tensors();
    tensors.sort_by(|one, other| one.0.cmp(&other.0));
    let mut all = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        if tensor.shape().len() != 1 {
            return Err(format!(
                "tensor '{name}' has {} axes; a vector has one, and a matrix needs the ids in the metadata",
                tensor.shape().len()
            ));
        }
        let numbers = numbers(&name, &tensor)?;
        all.push((name, numbers));
    }
    Ok(all)
}

/// The rows of the one matrix of a file.
fn of_matrix(ids: Vec<String>, file: &SafeTensors<'_>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let matrices: Vec<_> = file.iter().filter(|(_, tensor)| tensor.shape().len() == 2).collect();
    let [(name, matrix)] = matrices.as_slice() else {
        return Err(format!("{} matrices, not one, for the ids", matrices.len()));
    };
    let numbers = numbers(name, matrix)?;
    let (rows, width) = (matrix.shape()[0], matrix.shape()[1]);
    if rows != ids.len() || width == 0 {
        return Err(format!("{} ids for {rows} rows of {width}", ids.len()));
    }
    Ok(ids.into_iter().zip(numbers.chunks_exact(width * 4).map(<[u8]>::to_vec)).collect())
}

/// The numbers of a tensor as f32, little-endian.
fn numbers(name: &str, tensor: &TensorView<'_>) -> Result<Vec<u8>, String> {
    let data = tensor.data();
    Ok(match tensor.dtype() {
        Dtype::F32 => data.to_vec(),
        Dtype::F16 => data
            .as_chunks::<2>()
            .0
            .iter()
            .flat_map(|two| half::f16::from_le_bytes(*two).to_f32().to_le_bytes())
            .collect(),
        Dtype::BF16 => data
            .as_chunks::<2>()
            .0
            .iter()
            .flat_map(|two| half::bf16::from_le_bytes(*two).to_f32().to_le_bytes())
            .collect(),
        #[expect(clippy::cast_possible_truncation, reason = "embeddings are f32")]
        Dtype::F64 => data
            .as_chunks::<8>()
            .0
            .iter()
            .flat_map(|eight| (f64::from_le_bytes(*eight) as f32).to_le_bytes())
            .collect(),
        other => return Err(format!("tensor '{name}' holds {other:?}, not floats")),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use safetensors::serialize;

    fn floats(numbers: &[f32]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    #[test]
    fn a_tensor_a_document_or_a_matrix_with_ids() {
        let (one, two) = (floats(&[1.0, 2.0]), floats(&[3.0, 4.0]));
        let view = |bytes| TensorView::new(Dtype::F32, vec![2], bytes).unwrap();
        let file = serialize([("b", view(&two)), ("a", view(&one))], None).unwrap();
        assert_eq!(rows(&file).unwrap(), [("a".into(), one.clone()), ("b".into(), two.clone())]);
        let both = [one.clone(), two.clone()].concat();
        let matrix = TensorView::new(Dtype::F32, vec![2, 2], &both).unwrap();
        let ids = |text: &str| Some(HashMap::from([("ids".to_owned(), text.to_owned())]));
        let file = serialize([("m", matrix.clone())], ids(r#"["x","y"]"#)).unwrap();
        assert_eq!(rows(&file).unwrap(), [("x".into(), one), ("y".into(), two)]);
        for broken in [r#"["x"]"#, "x"] {
            let file = serialize([("m", matrix.clone())], ids(broken)).unwrap();
            assert!(rows(&file).is_err());
        }
        let file = serialize([("m", matrix)], None).unwrap();
        assert!(rows(&file).unwrap_err().contains("metadata"));
        assert!(rows(b"nonsense").is_err());
    }
}
