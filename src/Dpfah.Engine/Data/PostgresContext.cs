using Dpfah.Engine.Data.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Dpfah.Engine.Data;

/// <summary>The database on PostgreSQL.</summary>
internal sealed class PostgresContext(DbContextOptions<PostgresContext> options) : DpfahContext(options)
{
    public static DbContextOptions<PostgresContext> Options(string connectionString) =>
        new DbContextOptionsBuilder<PostgresContext>()
            .UseNpgsql(connectionString, npgsql => npgsql.EnableRetryOnFailure(4, TimeSpan.FromSeconds(1), null))
            .Options;

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);

        // Ids are compared as bytes, whatever the database's collation.
        modelBuilder.Entity<Item>().Property(i => i.PublicId).UseCollation("C");
        modelBuilder.Entity<Collection>().Property(c => c.Name).UseCollation("C");
        modelBuilder.Entity<Change>(entity =>
        {
            entity.Property(c => c.Xid).HasColumnType("xid8").HasDefaultValueSql("pg_current_xact_id()").ValueGeneratedOnAdd();
            entity.HasIndex(c => new { c.Xid, c.Seq });
        });
    }

    /// <summary>For `dotnet ef migrations`; opens no connection.</summary>
    internal sealed class DesignTimeFactory : IDesignTimeDbContextFactory<PostgresContext>
    {
        public PostgresContext CreateDbContext(string[] args) => new(Options("Host=localhost;Database=dpfah"));
    }
}
