//! The node tree of a glTF file: parents and transforms to the world.

use glam::Mat4;

use crate::import::Fault;

/// Parent and `world_from_node` of every node.
pub(in crate::import) struct Nodes {
    parent: Vec<Option<usize>>,
    pub(in crate::import) world: Vec<Mat4>,
}

impl Nodes {
    /// Fails if the nodes are no tree, or a transform is not finite.
    pub(in crate::import) fn new(document: &gltf::Document) -> Result<Self, Fault> {
        let count = document.nodes().len();
        let mut nodes = Self { parent: vec![None; count], world: vec![Mat4::IDENTITY; count] };
        for node in document.nodes() {
            for child in node.children() {
                if nodes.parent[child.index()].replace(node.index()).is_some() {
                    return Err(tree_fault(child.index(), "has two parents"));
                }
            }
        }
        let local: Vec<Mat4> = document.nodes().map(|n| Mat4::from_cols_array_2d(&n.transform().matrix())).collect();
        for k in 0..count {
            if nodes.ancestors(k).nth(count).is_some() {
                return Err(tree_fault(k, "is its own ancestor"));
            }
            nodes.world[k] = nodes.ancestors(k).fold(Mat4::IDENTITY, |below, a| local[a] * below);
            if !nodes.world[k].is_finite() {
                return Err(Fault::new(format!("nodes[{k}]"), "its transform is not finite", "export the model again"));
            }
        }
        Ok(nodes)
    }

    /// The node itself, its parent, and so on.
    pub(in crate::import) fn ancestors(&self, node: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(node), |k| self.parent[*k])
    }
}

fn tree_fault(node: usize, problem: &str) -> Fault {
    Fault::new(format!("nodes[{node}]"), problem, "nodes must form trees; export the model again")
}
