using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Dpfah.Engine.Data;

/// <summary>The model of the database, shared by both providers; what differs stands in the derived contexts.</summary>
internal abstract class DpfahContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Collection> Collections => Set<Collection>();

    public DbSet<Item> Items => Set<Item>();

    public DbSet<StoredPreview> Previews => Set<StoredPreview>();

    public DbSet<StoredCode> Codes => Set<StoredCode>();

    public DbSet<Generation> Generations => Set<Generation>();

    public DbSet<StoredModel> Models => Set<StoredModel>();

    public DbSet<StoredBackbone> Backbones => Set<StoredBackbone>();

    public DbSet<Change> Changes => Set<Change>();

    public DbSet<DatabaseInfo> DatabaseInfo => Set<DatabaseInfo>();

    public DbSet<StoredJob> Jobs => Set<StoredJob>();

    public DbSet<StoredJobEvent> JobEvents => Set<StoredJobEvent>();

    public DbSet<StoredJobRejection> JobRejections => Set<StoredJobRejection>();

    public DbSet<StoredJobPart> JobParts => Set<StoredJobPart>();

    public DbSet<StoredBlob> Blobs => Set<StoredBlob>();

    public DbSet<StoredBlobChunk> BlobChunks => Set<StoredBlobChunk>();

    public DbSet<GenerationSwitch> GenerationSwitches => Set<GenerationSwitch>();

    public DbSet<NotDuplicate> NotDuplicates => Set<NotDuplicate>();

    public DbSet<StoredFeedback> Feedback => Set<StoredFeedback>();

    public DbSet<DuplicateMember> DuplicateMembers => Set<DuplicateMember>();

    public DbSet<Evaluation> Evaluations => Set<Evaluation>();

    public DbSet<StoredFigure> Figures => Set<StoredFigure>();

    public DbSet<FigurePicture> FigurePictures => Set<FigurePicture>();

    public DbSet<StoredApiKey> ApiKeys => Set<StoredApiKey>();

    public DbSet<AuditEntry> Audit => Set<AuditEntry>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTime>().HaveConversion<UtcConverter>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<Collection>(entity =>
        {
            entity.ToTable("collections");
            entity.Property(c => c.Name).HasMaxLength(64);
            // A deleted collection keeps its row until its items are gone; its name is free at once.
            entity.HasIndex(c => c.Name).IsUnique().HasFilter("deleted_at IS NULL");
        });
        modelBuilder.Entity<Item>(entity =>
        {
            entity.ToTable("items");
            entity.HasKey(i => i.Number);
            entity.HasOne<Collection>().WithMany().HasForeignKey(i => i.CollectionId).OnDelete(DeleteBehavior.Restrict);
            entity.HasIndex(i => new { i.CollectionId, i.PublicId }).IsUnique();
            entity.HasIndex(i => new { i.CollectionId, i.Number });
        });
        modelBuilder.Entity<StoredPreview>(entity =>
        {
            entity.ToTable("previews");
            entity.HasKey(p => p.ItemNumber);
            entity.Property(p => p.ItemNumber).ValueGeneratedNever();
            entity.HasOne<Item>().WithOne().HasForeignKey<StoredPreview>(p => p.ItemNumber).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<StoredCode>(entity =>
        {
            entity.ToTable("codes");
            entity.HasKey(c => new { c.GenerationId, c.ItemNumber });
            entity.HasOne<Generation>().WithMany().HasForeignKey(c => c.GenerationId).OnDelete(DeleteBehavior.Restrict);
            entity.HasOne<Item>().WithMany().HasForeignKey(c => c.ItemNumber).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Generation>(entity =>
        {
            entity.ToTable("generations");
            entity.HasOne<Collection>().WithMany().HasForeignKey(g => g.CollectionId).OnDelete(DeleteBehavior.Cascade);
            entity.HasOne<StoredModel>().WithMany().HasForeignKey(g => g.ModelId).OnDelete(DeleteBehavior.Restrict);
            entity.HasIndex(g => g.CollectionId).IsUnique().HasFilter("is_active").HasDatabaseName("ix_generations_active");
        });
        modelBuilder.Entity<StoredModel>(entity =>
        {
            entity.ToTable("models");
            entity.HasIndex(m => m.Name).IsUnique();
            entity.HasOne<StoredBackbone>().WithMany().HasForeignKey(m => m.BackboneDigest).OnDelete(DeleteBehavior.Restrict);
            entity.HasOne<StoredModel>().WithMany().HasForeignKey(m => m.ParentId).OnDelete(DeleteBehavior.SetNull);
        });
        modelBuilder.Entity<StoredBackbone>(entity =>
        {
            entity.ToTable("backbones");
            entity.HasKey(b => b.Digest);
        });
        modelBuilder.Entity<Change>(entity =>
        {
            entity.ToTable("changes");
            entity.HasKey(c => c.Seq);
            entity.Property(c => c.Seq).ValueGeneratedOnAdd();
        });
        modelBuilder.Entity<DatabaseInfo>(entity =>
        {
            entity.ToTable("database_info");
            entity.Property(d => d.Id).ValueGeneratedNever();
        });
        modelBuilder.Entity<StoredApiKey>(entity =>
        {
            entity.ToTable("api_keys");
            entity.HasIndex(k => k.Prefix).IsUnique();
            // The name of a revoked key is free at once.
            entity.HasIndex(k => k.Name).IsUnique().HasFilter("revoked_at IS NULL");
        });
        modelBuilder.Entity<AuditEntry>(entity =>
        {
            // Triggers of its migrations refuse changes and deletions, and to put a line in another's place.
            entity.ToTable("audit");
            entity.HasIndex(e => new { e.Collection, e.Id });
            entity.HasIndex(e => e.At);
        });
        ConfigureJobs(modelBuilder);
        ConfigureGenerations(modelBuilder);

        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(SnakeCase(property.Name));
            }
        }
    }

    private static void ConfigureJobs(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StoredJob>(entity =>
        {
            entity.ToTable("jobs");
            // What a worker looks for; finished jobs are many and stay out of it (states 1 and 2 are queued and running).
            entity.HasIndex(j => new { j.Lane, j.Id }).HasFilter("state <= 2").HasDatabaseName("ix_jobs_open");
        });
        modelBuilder.Entity<StoredJobEvent>(entity =>
        {
            entity.ToTable("job_events");
            entity.HasKey(e => new { e.JobId, e.Seq });
            entity.HasOne<StoredJob>().WithMany().HasForeignKey(e => e.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<StoredJobRejection>(entity =>
        {
            entity.ToTable("job_rejections");
            entity.HasKey(r => new { r.JobId, r.Number });
            entity.HasOne<StoredJob>().WithMany().HasForeignKey(r => r.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<StoredJobPart>(entity =>
        {
            entity.ToTable("job_parts");
            entity.HasKey(p => new { p.JobId, p.Number });
            entity.HasOne<StoredJob>().WithMany().HasForeignKey(p => p.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<StoredBlob>(entity =>
        {
            entity.ToTable("blobs");
            entity.HasIndex(b => b.JobId);
            entity.HasOne<StoredJob>().WithMany().HasForeignKey(b => b.JobId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<StoredBlobChunk>(entity =>
        {
            entity.ToTable("blob_chunks");
            entity.HasKey(c => new { c.BlobId, c.Number });
            entity.HasOne<StoredBlob>().WithMany().HasForeignKey(c => c.BlobId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<DuplicateMember>(entity =>
        {
            entity.ToTable("duplicate_members");
            entity.HasKey(d => new { d.JobId, d.GroupNumber, d.ItemNumber });
            entity.HasOne<StoredJob>().WithMany().HasForeignKey(d => d.JobId).OnDelete(DeleteBehavior.Cascade);
            entity.HasIndex(d => d.ItemNumber);
            entity.HasOne<Item>().WithMany().HasForeignKey(d => d.ItemNumber).OnDelete(DeleteBehavior.Cascade);
        });
    }

    private static void ConfigureGenerations(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<GenerationSwitch>(entity =>
        {
            entity.ToTable("generation_switches");
            entity.HasIndex(s => s.CollectionId);
            entity.HasOne<Collection>().WithMany().HasForeignKey(s => s.CollectionId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<NotDuplicate>(entity =>
        {
            entity.ToTable("not_duplicates");
            entity.HasKey(n => new { n.FirstItem, n.SecondItem });
            entity.HasIndex(n => n.CollectionId);
            entity.HasOne<Item>().WithMany().HasForeignKey(n => n.FirstItem).OnDelete(DeleteBehavior.Cascade);
            entity.HasOne<Item>().WithMany().HasForeignKey(n => n.SecondItem).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<StoredFeedback>(entity =>
        {
            entity.ToTable("feedback");
            entity.HasIndex(f => new { f.CollectionId, f.Id });
            // One word on each query and hit; where a column is null, an index knows no equals.
            entity.HasIndex(f => new { f.QueryItem, f.ItemNumber }).IsUnique();
            entity.HasIndex(f => new { f.ItemNumber, f.QueryCode, f.QuerySignature }).IsUnique();
            entity.HasOne<Item>().WithMany().HasForeignKey(f => f.QueryItem).OnDelete(DeleteBehavior.Cascade);
            entity.HasOne<Item>().WithMany().HasForeignKey(f => f.ItemNumber).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<Evaluation>(entity =>
        {
            entity.ToTable("evaluations");
            entity.HasIndex(e => e.ModelId);
            entity.HasOne<StoredModel>().WithMany().HasForeignKey(e => e.ModelId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<StoredFigure>(entity =>
        {
            entity.ToTable("figures");
            entity.HasKey(f => new { f.ModelId, f.Name });
            entity.HasOne<StoredModel>().WithMany().HasForeignKey(f => f.ModelId).OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<FigurePicture>(entity =>
        {
            entity.ToTable("figure_pictures");
            entity.HasKey(p => new { p.ModelId, p.Kind, p.ItemNumber });
            entity.HasIndex(p => p.ItemNumber);
            entity.HasOne<StoredModel>().WithMany().HasForeignKey(p => p.ModelId).OnDelete(DeleteBehavior.Cascade);
            entity.HasOne<Item>().WithMany().HasForeignKey(p => p.ItemNumber).OnDelete(DeleteBehavior.Cascade);
        });
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));

    /// <summary>SQLite forgets that times are UTC.</summary>
    private sealed class UtcConverter() : ValueConverter<DateTime, DateTime>(
        value => value, value => DateTime.SpecifyKind(value, DateTimeKind.Utc));
}
