namespace Pipeline.Checkpoints;

/// <summary>A check of what a checkpoint needs beside its own files, such as the pages of the lanes' logs; <c>checkpoint verify</c> makes them all.</summary>
/// <remarks>Changes nothing and takes no lock: a job may be running. Damage is returned, not thrown.</remarks>
internal interface IStateCheck
{
    /// <summary>What is damaged: what, where, expected, found; null: nothing.</summary>
    /// <param name="stateDirectory">The job's state directory.</param>
    /// <param name="checkpoint">The checkpoint's directory.</param>
    /// <param name="manifest">Its manifest.</param>
    string? DamageOf(string stateDirectory, string checkpoint, CheckpointManifest manifest);
}
