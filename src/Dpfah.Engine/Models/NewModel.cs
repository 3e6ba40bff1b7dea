using Dpfah.Core.Models;

namespace Dpfah.Engine.Models;

/// <summary>A model that was checked and can be stored.</summary>
/// <param name="Description">What it is.</param>
/// <param name="HeadDigest">Digest of the head's tensors.</param>
/// <param name="Head">The head file.</param>
/// <param name="Backbone">The backbone file.</param>
/// <param name="ParentId">The model that it was trained from; null for none.</param>
/// <param name="JobId">The job that made it; null for none.</param>
/// <param name="Lineage">Where it comes from: a JSON object; null when that is not known.</param>
internal sealed record NewModel(
    ModelDescription Description, string HeadDigest, byte[] Head, byte[] Backbone, int? ParentId = null, long? JobId = null, string? Lineage = null)
{
    /// <summary>Reads and checks a model's files.</summary>
    /// <exception cref="InvalidDataException">The files are no model that this service can run; the message says why.</exception>
    public static async Task<NewModel> ReadAsync(ModelFiles files, int? parentId, long? jobId, string? lineage, CancellationToken cancellationToken)
    {
        byte[] head = await File.ReadAllBytesAsync(files.HeadPath, cancellationToken);
        byte[] backbone = await File.ReadAllBytesAsync(files.BackbonePath, cancellationToken);
        using var headStream = new MemoryStream(head, writable: false);
        using var backboneStream = new MemoryStream(backbone, writable: false);
        (ModelDescription description, string headDigest) = ModelCheck.Read(headStream, backboneStream);
        return new NewModel(description, headDigest, head, backbone, parentId, jobId, lineage);
    }
}
