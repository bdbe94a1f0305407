//! How the attributes of operands pass to the type of an expression (language spec §3.4).

use super::{Level, Type};

impl Type {
    /// This type with the attributes of `operands` added: flow if any of them is, not constant if any
    /// of them is not, and at most `cap`. An error among `self` and `operands` is the result instead,
    /// the first one.
    ///
    /// Only the type's own level is limited. Nothing observable depends on the levels of components,
    /// and leaving them alone spares a copy of every composite type.
    #[must_use]
    pub fn swizzle(mut self, cap: Level, operands: &[&Type]) -> Type {
        if self.is_error() {
            return self;
        }
        if let Some(error) = operands.iter().find(|operand| operand.is_error()) {
            return (*error).clone();
        }
        for operand in operands {
            self.flow |= operand.flow;
            if operand.level == Level::NotConst {
                self.level = Level::NotConst;
            }
        }
        self.level = self.level.min(cap);
        self
    }
}
